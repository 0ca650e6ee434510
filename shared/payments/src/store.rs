//! The payments table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | one payment | `PAYMENT#{id}` / `PAYMENT` | table | 1 read unit (4 KB) |
//! | the payment of an order | `PAYMENT#{id}` / `PAYMENT`, by the UUID of the order | table | 1 read unit (4 KB) |
//! | the payment of an order of an earlier release | then gsi1pk `ORDER#{orderId}`, by creation | gsi1, sparse | 0.5 read units a page |
//! | payments that wait for their void, oldest first | gsi2pk `UNSETTLED#{0-63}`, up to a time | gsi2, sparse | 32 read units, 0.5 more per 4 KB |
//! | authorised payments that wait for a shipment | gsi2pk `RESERVED#{0-63}`, up to a time | gsi2, sparse | the same |
//! | captured payments, by the time of the capture | gsi2pk `CAPTURED#{day}#{0-63}`, from one time to another | gsi2, sparse | the same |
//! | pending refunds, oldest first | gsi2pk `REFUNDING#{0-63}`, up to a time | gsi2, sparse | the same |
//! | refunds of a payment, oldest first | `PAYMENT#{id}`, sk begins with `REFUND#` | table | 1 read unit a page of 4 KB |
//! | create a refund | update on `refundable` + refund + event + stored response | table | 8 write units in a transaction |
//! | declines of a card | `CARD#{digest}` / `CARD` | table | 1 read unit; to count one, 2 write units in a transaction |
//! | request a check at the provider | update on version and the last check, and the outbox | table | 4 write units in a transaction |
//! | erase the reason of a refund | update on that reason | table | 1 write unit |
//! | a webhook, once in 30 days | `WEBHOOK#{provider}#{event}` / `WEBHOOK`, and the outbox | table | 4 write units in a transaction |
//! | a transition and its event | put on version + outbox put | table, gsi2 | 4 write units in a transaction |
//! | a transition without an event | put on version | table, gsi2 | 1 write unit |
//!
//! A transition costs 1 write unit more when the payment enters or leaves gsi2, and after the capture, because it stays there. The day is
//! that of the capture, in UTC. Only payments that an earlier release opened are in
//! gsi1, and each of their transitions costs 1 write unit more there. Open payments that it wrote last are in `UNSETTLED#{0-3}` too.
//! `SOUK_INDEX_SHARDS` of the function that writes a row says how many shards there are. Their only readers are sweeps, which read all 64.

use aws_kit::{Aws, Key, OptimisticWrite, Query, Shards, Table, Write, fault, outbox_put, sweep};
use events::{Envelope, Event, RefundRequested};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Clock, Money, OrderId, Page, PageRequest, PaymentId, RefundId, Result, Timestamp, Trace};

use crate::declines::{Declines, SET_DECLINES};
use crate::payment::Payment;
use crate::payment_row::PaymentRow;
use crate::refund::{Refund, RefundStatus};
use crate::status::Status;
use crate::webhook::ProviderEvent;

/// Rows of one kind and shard that one reconciliation reads: minutes of a worker's time.
const MAX_WAITING: u32 = 250;
/// How long a webhook is remembered: longer than any provider repeats it.
const WEBHOOK_SECONDS: i64 = 30 * 24 * 3600;
/// How long the declines of a card are kept: longer than they count.
const CARD_SECONDS: i64 = 24 * 3600;

/// Replaces a reason that was erased.
const ERASED: &str = "erased";

/// The payments of the shop, with the use cases that do not call the provider.
#[derive(Debug, Clone)]
pub struct Payments {
    table: Table,
    pub(crate) clock: Clock,
    /// The partitions of each kind in gsi2.
    shards: Shards,
}

impl Payments {
    /// The table is named by `SOUK_TABLE_PAYMENTS`.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self { table: aws.table("SOUK_TABLE_PAYMENTS")?, clock, shards: Shards::from_env()? })
    }

    /// The table: to warm its connection, to store responses of idempotency keys, and to find events that were not
    /// published.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Reads one payment. 1 round trip.
    pub async fn read(&self, id: PaymentId) -> Result<Option<Payment>> {
        Ok(self.table.get::<PaymentRow>(key(id)).await?.map(Payment::from))
    }

    /// The payments of an order, oldest first. An order has one. 1 round trip, 1 more for an order of an earlier release.
    pub async fn list_of_order(&self, order: OrderId) -> Result<Vec<Payment>> {
        // A query, because the role of a function that exports has no other read.
        let by_id = Query::of(&self.table, partition(Payment::id_of_order(order))).begins_with("PAYMENT");
        let own = payments(by_id.first(1).await?);
        // An order that does not exist has the UUID of another order's payment, if an earlier release opened that.
        if own.iter().any(|payment| payment.order_id == order) {
            return Ok(own);
        }
        let by_order = Query::index(&self.table, "gsi1", format!("ORDER#{order}"));
        Ok(payments(by_order.first(20).await?))
    }

    /// Payments that have waited for a worker since before `since`, and whose orders are no longer pending or about to be confirmed.
    /// The others are found by their orders. Authorised payments have an index of their own: where the shop captures at shipment
    /// they wait for days, and must not hide the ones that are stuck. A shard or a row that cannot be read is an error beside the others;
    /// fails only if no shard can be read.
    pub async fn list_unsettled(&self, since: Timestamp) -> Result<Vec<Result<Payment>>> {
        let mut rows: Vec<Result<PaymentRow>> = self.list_waiting("UNSETTLED", since).await?;
        rows.extend(self.list_waiting("RESERVED", since).await?);
        Ok(rows.into_iter().map(|row| row.map(Payment::from)).collect())
    }

    /// Pending refunds that have waited for a worker since before `since`. Failures are as in [`Payments::list_unsettled`].
    pub async fn list_unsettled_refunds(&self, since: Timestamp) -> Result<Vec<Result<Refund>>> {
        self.list_waiting("REFUNDING", since).await
    }

    /// At most [`MAX_WAITING`] rows of each shard. 4 round trips.
    async fn list_waiting<T: DeserializeOwned>(&self, kind: &str, since: Timestamp) -> Result<Vec<Result<T>>> {
        let query = |shard: u8| Query::index(&self.table, "gsi2", format!("{kind}#{shard}")).up_to(since.to_string());
        sweep(query, MAX_WAITING).await
    }

    /// The refunds of a payment, oldest first.
    pub async fn list_refunds(&self, payment: PaymentId, request: &PageRequest) -> Result<Page<Refund>> {
        Query::of(&self.table, partition(payment)).begins_with("REFUND#").page(request).await
    }

    pub(crate) async fn read_refund(&self, payment: PaymentId, refund: RefundId) -> Result<Option<Refund>> {
        self.table.get(refund_key(payment, refund)).await
    }

    /// The write of a new payment.
    pub(crate) fn put_new(&self, payment: &Payment) -> Result<Write> {
        Ok(self.put_row(payment)?.when("attribute_not_exists(pk)"))
    }

    /// The write of the next version of a payment, on condition that the row still has the version before.
    pub(crate) fn put_next(&self, next: &Payment) -> Result<Write> {
        self.put_row(next)?.when("version = :before").value(":before", next.version - 1)
    }

    /// The same by a worker that has asked the provider.
    pub(crate) fn put_step(&self, next: &Payment) -> Result<Write> {
        let write = self.put_next(next)?;
        Ok(match fault::mutant("payment_version_ignored") {
            true => write.when("attribute_exists(pk) OR version = :before"),
            false => write,
        })
    }

    /// The same for a payment that is in no index of what waits, because its order is.
    pub(crate) fn put_unlisted_step(&self, next: &Payment) -> Result<Write> {
        Ok(self.put_step(next)?.without("gsi2pk").without("gsi2sk"))
    }

    /// The write that moves an amount from refundable to pending refunds, on condition that `least` minor units are refundable: the
    /// amount, or more. It depends on nothing else in the row, so refunds and other updates do not conflict, and no two refunds get
    /// the same money.
    pub(crate) fn reserve_refund(&self, payment: PaymentId, amount: Money, least: i64) -> Result<Write> {
        let set = "SET refundable = refundable - :a, refunding = refunding + :a, version = version + :one, updatedAt = :now REMOVE tells";
        let condition = match fault::mutant("refund_unbounded") {
            true => "attribute_exists(pk) OR refundable >= :least",
            false => "refundable >= :least",
        };
        Write::update(&self.table, key(payment), set)
            .when(condition)
            .value(":a", amount.amount)?
            .value(":least", least)?
            .value(":one", 1)?
            .value(":now", self.clock.now())
    }

    /// The writes of a new refund and of the event that wakes the worker for it.
    pub(crate) fn put_new_refund(&self, refund: &Refund, trace: &Trace) -> Result<[Write; 2]> {
        let data = RefundRequested { refund_id: refund.id, payment_id: refund.payment_id, order_id: refund.order_id };
        let envelope =
            Envelope::new(&self.clock, trace, refund.id, refund.version, Event::PaymentRefundRequested(data));
        Ok([self.put_refund_row(refund)?.when("attribute_not_exists(pk)"), outbox_put(&self.table, &envelope)?])
    }

    /// The write of the next version of a refund, on condition that the row still has the version before.
    pub(crate) fn put_next_refund(&self, next: &Refund) -> Result<Write> {
        self.put_refund_row(next)?.when("version = :before").value(":before", next.version - 1)
    }

    /// The write that erases the reason of a refund, on condition that it still has that reason. It counts the version
    /// on, so that a worker that has read the reason cannot write it back.
    pub(crate) fn erase_reason(&self, refund: &Refund) -> Result<Write> {
        let change = "SET reason = :erased, version = version + :one";
        let write = Write::update(&self.table, refund_key(refund.payment_id, refund.id), change);
        let write = write.when("reason = :reason").value(":reason", &refund.reason)?;
        write.value(":erased", ERASED)?.value(":one", 1)
    }

    fn put_refund_row(&self, refund: &Refund) -> Result<Write> {
        let row = Write::put(&self.table, refund_key(refund.payment_id, refund.id), refund)?;
        if refund.status != RefundStatus::Pending {
            return Ok(row);
        }
        let shard = self.shards.of(refund.id.uuid());
        row.attribute("gsi2pk", format!("REFUNDING#{shard}"))?.attribute("gsi2sk", refund.updated_at)
    }

    /// The write that remembers a webhook, on condition that it was not received before.
    pub(crate) fn put_webhook(&self, event: &ProviderEvent) -> Result<Write> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Row<'a> {
            r#type: &'a str,
            expires_at: i64,
        }
        let now = self.clock.now().seconds();
        let row = Row { r#type: &event.r#type, expires_at: now + WEBHOOK_SECONDS };
        // DynamoDB's TTL deletes late, so an expired row counts as deleted.
        Write::put(&self.table, Key::new(format!("WEBHOOK#stripe#{}", event.id), "WEBHOOK"), &row)?
            .when("attribute_not_exists(pk) OR expiresAt < :now")
            .value(":now", now)
    }

    /// The write that notes a check of a payment at the provider, on condition that it still has this version and that no check
    /// was noted for so many seconds. The next version of the row does not have the note.
    pub(crate) fn note_status_check(&self, payment: &Payment, seconds: i64) -> Result<Write> {
        let now = self.clock.now().seconds();
        Write::update(&self.table, key(payment.id), "SET checkedAt = :now")
            .when("version = :version AND (attribute_not_exists(checkedAt) OR checkedAt <= :before)")
            .value(":now", now)?
            .value(":version", payment.version)?
            .value(":before", now - seconds)
    }

    /// The declines of a card. 1 round trip.
    pub(crate) async fn read_card(&self, card: &str) -> Result<Declines> {
        Ok(self.table.get(card_key(card)).await?.unwrap_or_default())
    }

    /// The write that counts a declined payment with a card, on condition that no other was counted since `declines` were read.
    pub(crate) fn count_decline(&self, card: &str, declines: Declines) -> Result<Write> {
        let now = self.clock.now();
        let change = format!("SET expiresAt = :expires, {SET_DECLINES}");
        let write = Write::update(&self.table, card_key(card), change);
        declines.count_one(write.value(":expires", now.plus_seconds(CARD_SECONDS).seconds())?, now)
    }

    fn put_row(&self, payment: &Payment) -> Result<Write> {
        let mut row = Write::put(&self.table, key(payment.id), &PaymentRow::from(payment))?;
        if payment.keeps_own_index_keys() {
            row = row
                .attribute("gsi1pk", format!("ORDER#{}", payment.order_id))?
                .attribute("gsi1sk", payment.created_at)?;
        }
        let shard = self.shards.of(payment.id.uuid());
        if let Some(at) = payment.captured_at {
            let partition = format!("CAPTURED#{}#{shard}", at.day());
            return row.attribute("gsi2pk", partition)?.attribute("gsi2sk", format!("{at}#{}", payment.id));
        }
        let Some(index) = waiting_index(payment.status) else { return Ok(row) };
        row.attribute("gsi2pk", format!("{index}#{shard}"))?.attribute("gsi2sk", payment.updated_at)
    }

    /// The write of an event about a payment.
    pub(crate) fn put_event(&self, payment: &Payment, trace: &Trace, event: Event) -> Result<Write> {
        outbox_put(&self.table, &Envelope::new(&self.clock, trace, payment.id, payment.version, event))
    }

    /// The writes of a worker's step: the next version of a payment, and its events.
    pub(crate) fn put_step_with_events(
        &self,
        next: &Payment,
        trace: &Trace,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Vec<Write>> {
        let mut writes = vec![self.put_step(next)?];
        for event in events {
            writes.push(self.put_event(next, trace, event)?);
        }
        Ok(writes)
    }

    /// A write that is decided again after a concurrent update. After too many of them the error is an outage, so that
    /// the message of a worker is delivered again.
    pub(crate) fn optimistic_write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(&self.table, &self.clock).unavailable_when_contended()
    }
}

fn payments(rows: Vec<PaymentRow>) -> Vec<Payment> {
    rows.into_iter().map(Payment::from).collect()
}

/// The partitions of gsi2 in which housekeeping finds a payment with that status, if it finds it there. The payment of a pending order
/// is found by the order's hold, whatever its status.
fn waiting_index(status: Status) -> Option<&'static str> {
    match status {
        Status::Authorized => Some("RESERVED"),
        Status::Cancelling => Some("UNSETTLED"),
        Status::Open
        | Status::RequiresAction
        | Status::Failed
        | Status::Captured
        | Status::PartiallyRefunded
        | Status::Refunded
        | Status::Cancelled => None,
    }
}

fn partition(id: PaymentId) -> String {
    format!("PAYMENT#{id}")
}

pub(crate) fn key(id: PaymentId) -> Key {
    Key::new(partition(id), "PAYMENT")
}

fn card_key(card: &str) -> Key {
    Key::new(format!("CARD#{card}"), "CARD")
}

fn refund_key(payment: PaymentId, refund: RefundId) -> Key {
    Key::new(partition(payment), format!("REFUND#{refund}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_hold_of_the_order_does_not_show_waits_in_an_index() {
        use Status::{
            Authorized, Cancelled, Cancelling, Captured, Failed, Open, PartiallyRefunded, Refunded, RequiresAction,
        };
        assert_eq!((waiting_index(Authorized), waiting_index(Cancelling)), (Some("RESERVED"), Some("UNSETTLED")));
        for status in [Open, RequiresAction, Failed, Captured, PartiallyRefunded, Refunded, Cancelled] {
            assert_eq!(waiting_index(status), None, "{status:?}");
        }
    }
}
