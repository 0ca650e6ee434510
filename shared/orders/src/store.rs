//! The orders table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | one order, with its personal data | `ORDER#{id}`, sk begins with `ORDER` | table | 1 read unit (4 KB) |
//! | the rows of its history, oldest first | `ORDER#{id}`, sk begins with `HISTORY#` | table | 1 read unit (4 KB) |
//! | an order by its number | `NUMBER#{number}` / `NUMBER`, then the order | table | 2 read units |
//! | pending orders, newest first; those that wait for their capture, oldest hold first | gsi3pk `HOLD#{shard}`, of the noted shards | gsi3 | 0.5 read units for each shard, 0.5 more per 4 KB |
//! | holds that may have ended, oldest first | gsi3pk `HOLD#{0-63}`, up to a time | gsi3 | 32 read units, 0.5 more per 4 KB |
//! | how many shards lists read | `SHARDS` / `SHARDS` | table | 1 read unit; 1 write unit in an execution environment of a raised setting |
//! | lists of orders | `list_store.rs` | gsi1, gsi2, gsi3 | |
//! | a new order | 4 puts, two of them with keys of indexes | gsi1, gsi2, gsi3 | 2 write units per KB of each, and 3 for the indexes |
//! | a transition, the oldest of 4 changes or one with a note, and its event | put on version, up to 2 puts | gsi3 | 2 write units per KB of each, and 1 per KB of the head, 2 if its key changes |
//! | the counters of unpaid orders | `counter_store.rs` | | |
//! | how far the daily walk is | `TASK#walk-orders` / `PROGRESS`, on its version | table | 1 read unit a run, 1 write unit a page |
//! | erase the note of a history entry | `ORDER#{id}` / `HISTORY#{version}` | table | 1 write unit |
//!
//! | row | index | its keys |
//! |---|---|---|
//! | `ORDER#{id}` / `ORDER`, the head | gsi3 | `HOLD#{shard}` by the end of the hold while it is pending or waits for its capture, then `STATUS#{status}#{day}#{shard}` by id |
//! | `ORDER#{id}` / `ORDER#PLACED` | | |
//! | `NUMBER#{number}` / `NUMBER` | gsi1 | `BUYER#{account}` by the order's id, or `EMAIL#{sha-256}` of a guest, which is erased with the personal data |
//! | | gsi2 | `DAY#{day}#{shard}` by the order's id |
//!
//! The keys of a number row never move, so a transition writes one index. The day is that of the order's creation, in UTC. An order that
//! the release before placed is one row, with its personal data in `ORDER#PRIVATE`, which has a guest's `EMAIL#`. The row of an order that
//! an earlier release placed has the keys of gsi1 and gsi2 itself, also those of a guest, and keeps them. The shard is of the setting
//! `SOUK_INDEX_SHARDS` of the function that writes the row ([`NotedShards`]), so after a change of the setting a row moves with its next
//! version.

use std::fmt::Display;

use aws_kit::{Aws, ConditionFailures, Key, NotedShards, OptimisticWrite, Query, Table, Write, fault};
use aws_kit::{outbox_put, read_shards, sha256_hex, sweep};
use events::{Envelope, Event, Recipient};
use payments::Payment;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Clock, Email, Error, OrderId, Result, Timestamp, Trace};

use crate::counters::CounterRows;
use crate::history::{HistoryEntry, Reason};
use crate::order::{Order, OrderDetails, PersonalData};
use crate::order_rows::{HEAD, OrderHead, OrderRows, PERSONAL, PLACED, PlacedRow, StoredOrder};
use crate::placed_event::CORRELATION_ID;
use crate::status::{PaymentStatus, Status};
use crate::walk_progress::WalkProgress;

/// Holds that one sweep reads of each shard: more than one run of housekeeping can end.
const MAX_EXPIRED: u32 = 250;
/// How the sort keys of a history begin.
pub(crate) const HISTORY: &str = "HISTORY#";

/// The orders of the shop.
#[derive(Debug, Clone)]
pub struct Orders {
    table: Table,
    pub(crate) clock: Clock,
    /// The shards of each day, of each status and of the holds.
    pub(crate) shards: NotedShards,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NumberRow {
    order_id: OrderId,
}

impl Orders {
    /// The table is named by `SOUK_TABLE_ORDERS`.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self { table: aws.table("SOUK_TABLE_ORDERS")?, clock, shards: NotedShards::from_env()? })
    }

    /// The table: to warm its connection, to store responses of idempotency keys, and to find events that were not
    /// published.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Reads one order. 1 round trip.
    pub async fn read(&self, id: OrderId) -> Result<Option<Order>> {
        Ok(self.read_rows(id).await?.map(|(order, _)| order))
    }

    /// An order with its personal data, in one round trip.
    pub(crate) async fn read_details(&self, id: OrderId) -> Result<Option<OrderDetails>> {
        let Some((order, personal)) = self.read_rows(id).await? else { return Ok(None) };
        let personal = personal.map(serde_json::from_value).transpose().map_err(Error::internal)?;
        Ok(Some(OrderDetails { order, personal }))
    }

    /// An order, and its personal data as they are stored.
    async fn read_rows(&self, id: OrderId) -> Result<Option<(Order, Option<Value>)>> {
        let rows = Query::of(&self.table, partition(id)).begins_with(HEAD).first::<Value>(2).await?;
        let OrderRows { order: Some(stored), placed, personal } = OrderRows::parse(rows)? else { return Ok(None) };
        let order = stored.join(placed);
        let order = order.ok_or_else(|| Error::internal(format!("order {id} has no row of what was placed")))?;
        Ok(Some((order, personal)))
    }

    /// Erases the note of an entry of the history, if there is one.
    pub(crate) async fn erase_note(&self, id: OrderId, version: u64) -> Result<()> {
        let erasure = Write::update(&self.table, history_key(id, version), "REMOVE note").when("attribute_exists(pk)");
        let _already_erased = erasure.run().await?;
        Ok(())
    }

    pub(crate) async fn read_by_number(&self, number: &str) -> Result<Option<Order>> {
        match self.table.get::<NumberRow>(Key::new(format!("NUMBER#{number}"), "NUMBER")).await? {
            Some(row) => self.read(row.order_id).await,
            None => Ok(None),
        }
    }

    /// The orders in the index of holds of so many shards, newest first: of each shard those whose holds end last, at most `limit`. They are
    /// pending, or wait for their capture. A round trip for each 16 shards.
    pub(crate) async fn read_holds(&self, shards: u8, limit: u32) -> Result<Vec<StoredOrder>> {
        let newest_first = |shard| self.query_holds(shard).descending();
        let mut orders = self.read_holds_by(shards, limit, newest_first).await?;
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.head().id.uuid()));
        Ok(orders)
    }

    /// The orders there that wait for their capture, in no order: of each shard the first `limit` whose holds end. A round trip for each 16
    /// shards, and 1 more for each megabyte of a shard.
    pub(crate) async fn read_awaiting_capture(&self, shards: u8, limit: u32) -> Result<Vec<StoredOrder>> {
        let waiting = |shard| self.query_holds(shard).filter("attribute_exists(captureDue)", Vec::new());
        self.read_holds_by(shards, limit, waiting).await
    }

    async fn read_holds_by(&self, shards: u8, limit: u32, query: impl Fn(u8) -> Query) -> Result<Vec<StoredOrder>> {
        let read = read_shards(shards, |shard| query(shard).first::<StoredOrder>(limit)).await;
        Ok(read.into_iter().collect::<Result<Vec<_>>>()?.concat())
    }

    /// A query of a shard of the index of holds, by the end of the hold.
    pub(crate) fn query_holds(&self, shard: u8) -> Query {
        Query::index(&self.table, "gsi3", format!("HOLD#{shard}"))
    }

    /// Pending orders whose hold has ended by `now`: of each shard the oldest, at most [`MAX_EXPIRED`]. A shard or a row that cannot be read
    /// is an error beside the others; fails only if no shard can be read. 4 round trips.
    pub async fn list_expired_holds(&self, now: Timestamp) -> Result<Vec<Result<OrderHead>>> {
        let until = now.to_string();
        // Orders whose captures fail for long have outlived their holds.
        let pending = "attribute_not_exists(captureDue)";
        sweep(|shard| self.query_holds(shard).up_to(&until).filter(pending, Vec::new()), MAX_EXPIRED).await
    }

    /// The writes of a new order. Its row is the event that wakes the worker (`placed_event.rs`).
    pub(crate) fn put_new(&self, order: &Order, personal: &PersonalData, trace: &Trace) -> Result<Vec<Write>> {
        let number = Key::new(format!("NUMBER#{}", order.number), "NUMBER");
        let shard = self.shards.of(order.id.uuid());
        let own = order.own_history.as_ref();
        let own = own.ok_or_else(|| Error::internal("a new order has no history"))?;
        let placed = Write::create(&self.table, key(order.id, PLACED), &PlacedRow::new(order, own))?;
        Ok(vec![
            self.put_row(order)?.attribute(CORRELATION_ID, &trace.correlation_id)?.when("attribute_not_exists(pk)"),
            placed.attribute(PERSONAL, personal)?,
            with_keys(
                Write::create(&self.table, number, &NumberRow { order_id: order.id })?,
                number_row_keys(order, personal.email.as_ref(), shard),
            )?,
        ])
    }

    /// The writes of the next version of an order, the row first, on condition that the row still has the version
    /// before. The change is added to the history of `next`. When it leaves the index of holds, its counters no longer count it.
    pub(crate) fn put_next<'a>(
        &self,
        next: &mut Order,
        trace: &Trace,
        reason: impl Into<Reason<'a>>,
        event: Option<Event>,
    ) -> Result<Vec<Write>> {
        self.put_next_after_decline(next, trace, reason, event, None)
    }

    /// The same, and the counters of the order count a decline if their rows are given.
    pub(crate) fn put_next_after_decline<'a>(
        &self,
        next: &mut Order,
        trace: &Trace,
        reason: impl Into<Reason<'a>>,
        event: Option<Event>,
        declined: Option<&CounterRows>,
    ) -> Result<Vec<Write>> {
        let entry = HistoryEntry::new(next, trace, reason.into());
        let becomes_row = next.add_change(entry);
        let row = next.without_released_counters();
        let ignores_version = fault::mutant("order_version_ignored") && next.payment_status == PaymentStatus::Paid;
        let condition = if ignores_version { "attribute_exists(pk) OR version = :before" } else { "version = :before" };
        let mut writes = vec![self.put_row(&row)?.when(condition).value(":before", next.version - 1)?];
        if let Some(entry) = becomes_row.filter(|_| !fault::mutant("history_skipped")) {
            let entry = Write::create(&self.table, history_key(next.id, entry.version), &entry)?;
            // The entry of a version is new. That alone would refuse a version that another change has written.
            let of_any_version = "attribute_exists(pk) OR attribute_not_exists(pk)";
            writes.push(if ignores_version { entry.when(of_any_version) } else { entry });
        }
        if let Some(event) = event {
            writes.push(self.put_event(next, trace, event)?);
        }
        if let Some(counters) = &next.counters {
            writes.extend(self.change_counters(next, counters, declined)?);
        }
        Ok(writes)
    }

    /// How far the daily walk is; none before the first run. 1 round trip.
    pub(crate) async fn walk_progress(&self) -> Result<Option<WalkProgress>> {
        self.table.get(walk_key()).await
    }

    /// Stores the progress of a run that has read it at this version, and raises the version. 409 `task_running` if another run has
    /// stored its own since. 1 round trip.
    pub(crate) async fn save_walk_progress(&self, progress: &mut WalkProgress) -> Result<()> {
        let before = progress.version;
        progress.version += 1;
        self.table.put_progress(walk_key(), progress, before).await
    }

    /// A write that is decided again after a concurrent update. After too many of them the error is an outage, so that
    /// the message of a worker is delivered again.
    pub(crate) fn optimistic_write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(&self.table, &self.clock).unavailable_when_contended().noting(&self.shards)
    }

    /// The same for a transition, whose first write is the row of [`Orders::put_next`].
    pub(crate) fn transition_write(&self) -> OptimisticWrite<'_> {
        let (before, after) = (fault::label("orders.before_commit"), fault::label("orders.committed"));
        self.optimistic_write().fault_points(before, after)
    }

    /// The order from which a transition is decided: first as the caller has read it, and after a concurrent update as it
    /// is now. 1 round trip, only if the conditions that failed do not show the order.
    pub(crate) async fn latest(&self, order: &Order, failures: Option<ConditionFailures>) -> Result<Order> {
        let Some(failures) = failures else { return Ok(order.clone()) };
        let latest = match failures.first() {
            Some(failure) => failure.row::<StoredOrder>()?.map(|latest| latest.follow(order)).transpose()?,
            None => self.read(order.id).await?,
        };
        latest.ok_or_else(|| Error::not_found("order"))
    }

    fn put_row(&self, order: &Order) -> Result<Write> {
        let (shard, day) = (self.shards.of(order.id.uuid()), order.created_at.day());
        let key = key(order.id, HEAD);
        let put = match order.own_history {
            Some(_) => Write::put(&self.table, key, &OrderHead::of(order))?,
            // As the release before has placed it.
            None => Write::put(&self.table, key, order)?,
        };
        let row = with_keys(put, own_list_keys(order, shard))?;
        match order.is_in_holds() {
            // Under the same key until the capture, so the authorisation does not move the entry.
            true => row.attribute("gsi3pk", format!("HOLD#{shard}"))?.attribute("gsi3sk", hold_sort_key(order)),
            false => {
                row.attribute("gsi3pk", status_partition(order.status, &day, shard))?.attribute("gsi3sk", order.id)
            }
        }
    }

    fn put_event(&self, order: &Order, trace: &Trace, event: Event) -> Result<Write> {
        outbox_put(&self.table, &Envelope::new(&self.clock, trace, order.id, order.version, event))
    }
}

/// The partition of an order and its history.
pub(crate) fn partition(id: OrderId) -> String {
    format!("ORDER#{id}")
}

pub(crate) fn key(id: OrderId, sk: &str) -> Key {
    Key::new(partition(id), sk)
}

fn walk_key() -> Key {
    Key::new("TASK#walk-orders", "PROGRESS")
}

fn history_key(id: OrderId, version: u64) -> Key {
    key(id, &history_sort_key(version))
}

pub(crate) fn history_sort_key(version: u64) -> String {
    format!("{HISTORY}{version:06}")
}

/// Adds the keys of indexes to a put.
fn with_keys(put: Write, keys: Vec<(&'static str, String)>) -> Result<Write> {
    keys.into_iter().try_fold(put, |put, (name, key)| put.attribute(name, key))
}

/// The keys of the number row of a new order. Nobody lists the orders of a guest's contact, but of a guest's email address.
fn number_row_keys(order: &Order, email: Option<&Email>, shard: u8) -> Vec<(&'static str, String)> {
    let mut keys = day_keys(order, shard).to_vec();
    match (order.buyer, email) {
        (Recipient::User(_), _) => keys.extend(buyer_keys(order)),
        (Recipient::Contact(_), Some(email)) => {
            keys.extend([("gsi1pk", email_partition(email)), ("gsi1sk", order.id.to_string())]);
        }
        (Recipient::Contact(_), None) => {}
    }
    keys
}

/// The keys of the same indexes in the row of the order itself, if an earlier release placed it. Its payment has another UUID.
fn own_list_keys(order: &Order, shard: u8) -> Vec<(&'static str, String)> {
    match order.payment_id == Payment::id_of_order(order.id) {
        true => Vec::new(),
        false => [day_keys(order, shard), buyer_keys(order)].concat(),
    }
}

fn day_keys(order: &Order, shard: u8) -> [(&'static str, String); 2] {
    [("gsi2pk", day_partition(&order.created_at.day(), shard)), ("gsi2sk", order.id.to_string())]
}

fn buyer_keys(order: &Order) -> [(&'static str, String); 2] {
    [("gsi1pk", buyer_partition(order.buyer)), ("gsi1sk", order.id.to_string())]
}

pub(crate) fn buyer_partition(buyer: impl Display) -> String {
    format!("BUYER#{buyer}")
}

pub(crate) fn day_partition(day: &str, shard: u8) -> String {
    format!("DAY#{day}#{shard}")
}

pub(crate) fn status_partition(status: Status, day: &str, shard: u8) -> String {
    format!("STATUS#{}#{day}#{shard}", status.name())
}

/// A digest, because keys appear in metrics, traces and support tickets, where personal data must not appear.
pub(crate) fn email_partition(email: &Email) -> String {
    format!("EMAIL#{}", sha256_hex(email.as_str().as_bytes()))
}

/// The sort key of an order in the index of holds: the end of the hold, made unique by the id.
fn hold_sort_key(order: &Order) -> String {
    format!("{}#{}", order.hold_expires_at, order.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use values::ContactId;

    /// The order as today's release places it.
    fn placed() -> Order {
        Order { payment_id: Payment::id_of_order(order().id), ..order() }
    }

    fn names(keys: &[(&'static str, String)]) -> Vec<&'static str> {
        keys.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn lists_find_a_new_order_by_its_number_row() {
        let (order, id) = (placed(), placed().id.to_string());
        let Recipient::User(user) = order.buyer else { panic!("an account") };
        let day = "DAY#2025-11-24#37".to_owned();
        let expected = [("gsi2pk", day), ("gsi2sk", id.clone()), ("gsi1pk", format!("BUYER#{user}")), ("gsi1sk", id)];
        assert_eq!(number_row_keys(&order, None, 37), expected);
        assert!(own_list_keys(&order, 37).is_empty());
    }

    #[test]
    fn guest_is_listed_by_the_digest_of_the_email_address() {
        let contact: ContactId = Clock::System.mint();
        let guests = Order { buyer: Recipient::Contact(contact), ..placed() };
        let email: Email = "ada@example.com".parse().unwrap();
        let keys = number_row_keys(&guests, Some(&email), 0);
        assert_eq!(names(&keys), ["gsi2pk", "gsi2sk", "gsi1pk", "gsi1sk"]);
        assert!(keys[2].1.starts_with("EMAIL#") && !keys[2].1.contains("ada"), "{keys:?}");
        assert!(own_list_keys(&guests, 0).is_empty());
    }

    #[test]
    fn row_of_an_earlier_release_keeps_its_keys() {
        // Its payment has a UUID of its own.
        let old = order();
        assert_eq!(names(&own_list_keys(&old, 0)), ["gsi2pk", "gsi2sk", "gsi1pk", "gsi1sk"]);
        let contact: ContactId = Clock::System.mint();
        let guests = Order { buyer: Recipient::Contact(contact), ..old };
        assert_eq!(own_list_keys(&guests, 0)[2].1, format!("BUYER#{contact}"));
    }
}
