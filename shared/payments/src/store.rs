//! The payments table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | one payment | `PAYMENT#{id}` / `PAYMENT` | table | 1 read unit (4 KB) |
//! | payments of an order | gsi1pk `ORDER#{orderId}`, by creation | gsi1 | 0.5 read units a page |
//! | what workers have left to do, oldest first | gsi2pk `UNSETTLED#{0-3}`, up to a moment | gsi2, sparse | 0.5 read units a page |
//! | reservations that wait for their capture | gsi2pk `RESERVED#{0-3}`, up to a moment | gsi2, sparse | 0.5 read units a page |
//! | refunds that wait, oldest first | gsi2pk `REFUNDING#{0-3}`, up to a moment | gsi2, sparse | 0.5 read units a page |
//! | refunds of a payment, oldest first | `PAYMENT#{id}`, sk begins with `REFUND#` | table | 1 read unit a page of 4 KB |
//! | promise a part back | update on `refundable` + refund + event + kept answer | table | 8 write units in a transaction |
//! | forget the reason of a refund | update on its version | table | 1 write unit |
//! | a provider's event, once in 30 days | `WEBHOOK#{provider}#{event}` / `WEBHOOK`, and the outbox | table | 4 write units in a transaction |
//! | a move and its event | put on version + outbox put | table | 4 write units in a transaction |

use aws_kit::{Aws, CommitError, Key, Query, Table, Transaction, Write, fault, outbox_put};
use events::{Envelope, Event, RefundRequested};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::error;
use values::{Clock, Error, OrderId, Page, PageRequest, PaymentId, RefundId, Result, Timestamp, Trace};

use crate::Payment;
use crate::payment::Status;
use crate::refund::{Refund, RefundStatus};
use crate::webhook::ProviderEvent;

/// Partitions of the index of unsettled payments.
const SHARDS: u8 = 4;
/// Of one kind and shard, for one run of reconciliation: minutes of a worker's time.
const MOST_WAITING: u32 = 250;
/// How long a provider's event is known: longer than any provider repeats one.
const HEARD_SECONDS: i64 = 30 * 24 * 3600;

/// In the place of a reason that somebody had.
const ERASED: &str = "erased";

/// The payments of the shop.
#[derive(Debug, Clone)]
pub struct Payments {
    table: Table,
    pub(crate) clock: Clock,
}

impl Payments {
    /// On the table that the environment names.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self { table: aws.table("SOUK_TABLE_PAYMENTS")?, clock })
    }

    /// The table, to warm its connection, to keep idempotency records in, and to look for forgotten events.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// One payment.
    pub async fn read(&self, id: PaymentId) -> Result<Option<Payment>> {
        self.table.get(key(id)).await
    }

    /// The payments of an order, first to last.
    pub async fn of_order(&self, order: OrderId) -> Result<Vec<Payment>> {
        Query::index(&self.table, "gsi1", format!("ORDER#{order}")).first(20).await
    }

    /// Payments that have waited for a worker since before `since`. Reservations are apart: where the shop captures at
    /// shipment they wait for days, and must not stand before what is stuck.
    pub async fn unsettled(&self, since: Timestamp) -> Result<Vec<Payment>> {
        let mut waiting = self.waiting("UNSETTLED", since).await?;
        waiting.extend(self.waiting("RESERVED", since).await?);
        Ok(waiting)
    }

    /// Refunds that have waited for a worker since before `since`.
    pub async fn unsettled_refunds(&self, since: Timestamp) -> Result<Vec<Refund>> {
        self.waiting("REFUNDING", since).await
    }

    /// At most [`MOST_WAITING`] of each shard. A row that cannot be read is logged, and keeps no other waiting.
    async fn waiting<T: DeserializeOwned>(&self, what: &str, since: Timestamp) -> Result<Vec<T>> {
        let mut waiting = Vec::new();
        for shard in 0..SHARDS {
            let query = Query::index(&self.table, "gsi2", format!("{what}#{shard}")).up_to(since.to_string());
            for row in query.first::<serde_json::Value>(MOST_WAITING).await? {
                match serde_json::from_value(row) {
                    Ok(row) => waiting.push(row),
                    Err(error) => error!(%error, index = what, "a row that is none of ours"),
                }
            }
        }
        Ok(waiting)
    }

    /// The refunds of a payment, first to last.
    pub async fn refunds(&self, payment: PaymentId, request: &PageRequest) -> Result<Page<Refund>> {
        Query::of(&self.table, format!("PAYMENT#{payment}")).begins_with("REFUND#").page(request).await
    }

    pub(crate) async fn refund(&self, payment: PaymentId, refund: RefundId) -> Result<Option<Refund>> {
        self.table.get(refund_key(payment, refund)).await
    }

    /// The write of a payment that was not there.
    pub(crate) fn created(&self, payment: &Payment) -> Result<Write> {
        Ok(self.row(payment)?.when("attribute_not_exists(pk)"))
    }

    /// The write of the next version of a payment; refused when it is no longer the version `next` was decided from.
    pub(crate) fn next(&self, next: &Payment) -> Result<Write> {
        self.row(next)?.when("version = :before").value(":before", next.version - 1)
    }

    /// The write that promises a part back, whatever else happens to the payment: refused when less is left. Every promise takes
    /// its part off in the same write, so of many at once no two can have the same money.
    pub(crate) fn promise(&self, payment: PaymentId, amount: i64) -> Result<Write> {
        let set =
            "SET refundable = refundable - :a, refunding = refunding + :a, version = version + :one, updatedAt = :now";
        let condition = match fault::mutant("refund_unbounded") {
            true => "attribute_exists(pk)",
            false => "refundable >= :a",
        };
        Write::update(&self.table, key(payment), set)
            .when(condition)
            .value(":a", amount)?
            .value(":one", 1)?
            .value(":now", self.clock.now())
    }

    /// The writes of a new refund and of the event that wakes the worker for it.
    pub(crate) fn refund_created(&self, refund: &Refund, trace: &Trace) -> Result<[Write; 2]> {
        let asked = RefundRequested { refund_id: refund.id, payment_id: refund.payment_id, order_id: refund.order_id };
        let told = Envelope::new(&self.clock, trace, refund.id, refund.version, Event::PaymentRefundRequested(asked));
        Ok([self.refund_row(refund)?.when("attribute_not_exists(pk)"), outbox_put(&self.table, &told)?])
    }

    /// The write of the next version of a refund.
    pub(crate) fn refund_next(&self, next: &Refund) -> Result<Write> {
        self.refund_row(next)?.when("version = :before").value(":before", next.version - 1)
    }

    /// The write that takes the reason out of a refund that is as it was read; its version counts on, so that a worker that has read
    /// the reason does not write it back.
    pub(crate) fn reason_erased(&self, refund: &Refund) -> Result<Write> {
        let change = "SET reason = :erased, version = version + :one";
        let write = Write::update(&self.table, refund_key(refund.payment_id, refund.id), change);
        let write = write.when("version = :was").value(":was", refund.version)?;
        write.value(":erased", ERASED)?.value(":one", 1)
    }

    fn refund_row(&self, refund: &Refund) -> Result<Write> {
        let row = Write::put(&self.table, refund_key(refund.payment_id, refund.id), refund)?;
        if refund.status != RefundStatus::Pending {
            return Ok(row);
        }
        let shard = refund.id.uuid().as_bytes()[15] % SHARDS;
        row.attribute("gsi2pk", format!("REFUNDING#{shard}"))?.attribute("gsi2sk", refund.updated_at)
    }

    /// The write that remembers a provider's event; refused when it is known.
    pub(crate) fn heard(&self, event: &ProviderEvent) -> Result<Write> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Row<'a> {
            r#type: &'a str,
            expires_at: i64,
        }
        let now = self.clock.now().seconds();
        let row = Row { r#type: &event.r#type, expires_at: now + HEARD_SECONDS };
        // DynamoDB's TTL deletes late, so an expired row counts as none.
        Write::put(&self.table, Key::new(format!("WEBHOOK#stripe#{}", event.id), "WEBHOOK"), &row)?
            .when("attribute_not_exists(pk) OR expiresAt < :now")
            .value(":now", now)
    }

    fn row(&self, payment: &Payment) -> Result<Write> {
        let row = Write::put(&self.table, key(payment.id), payment)?
            .attribute("gsi1pk", format!("ORDER#{}", payment.order_id))?
            .attribute("gsi1sk", payment.created_at)?;
        if !payment.status.is_unsettled() {
            return Ok(row);
        }
        let shard = payment.id.uuid().as_bytes()[15] % SHARDS;
        let what = if payment.status == Status::Authorized { "RESERVED" } else { "UNSETTLED" };
        row.attribute("gsi2pk", format!("{what}#{shard}"))?.attribute("gsi2sk", payment.updated_at)
    }

    /// The write of an event about a payment.
    pub(crate) fn told(&self, payment: &Payment, trace: &Trace, event: Event) -> Result<Write> {
        outbox_put(&self.table, &Envelope::new(&self.clock, trace, payment.id, payment.version, event))
    }

    /// Saves a decision and tells of it; `false` when somebody else moved the payment meanwhile.
    pub(crate) async fn save(
        &self,
        next: &Payment,
        trace: &Trace,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<bool> {
        let mut writes = vec![self.next(next)?];
        for event in events {
            writes.push(self.told(next, trace, event)?);
        }
        commit(writes).await
    }
}

/// Commits a move; `false` when a row was no longer what it was decided from.
pub(crate) async fn commit(writes: impl IntoIterator<Item = Write>) -> Result<bool> {
    let mut transaction = Transaction::new();
    for write in writes {
        transaction.add(write);
    }
    match transaction.commit().await {
        Ok(()) => Ok(true),
        // Every condition of a move (a version, or a row that is not there yet) says the same: somebody was faster.
        Err(CommitError::ConditionFailed(_)) => Ok(false),
        Err(CommitError::Failed(error)) => Err(error),
    }
}

/// How often a decision is made anew because somebody else moved the payment: many refunds of one may end at once.
pub(crate) const MOST_ROUNDS: usize = 8;

/// The error of a worker that was overtaken again and again: its message comes again.
pub(crate) fn overtaken() -> Error {
    Error::unavailable("payment", "it was moved by somebody else again and again")
}

fn key(id: PaymentId) -> Key {
    Key::new(format!("PAYMENT#{id}"), "PAYMENT")
}

fn refund_key(payment: PaymentId, refund: RefundId) -> Key {
    Key::new(format!("PAYMENT#{payment}"), format!("REFUND#{refund}"))
}
