//! The orders table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | one order, with its personal data | `ORDER#{id}`, sk begins with `ORDER` | table | 1 read unit (4 KB) |
//! | its history, oldest first | `ORDER#{id}`, sk begins with `HISTORY#` | table | 1 read unit (4 KB) |
//! | an order by its number | `NUMBER#{number}` / `NUMBER`, then the order | table | 2 read units |
//! | a customer's orders, newest first | gsi1pk `BUYER#{id}` | gsi1 | 0.5 read units a page of 4 KB |
//! | orders of guests with an email address, newest first | gsi1pk `EMAIL#{sha-256}`, then the orders, 100 at once | gsi1, on the personal data | 0.5 read units per 4 KB, and 1 for each order |
//! | orders of a day, newest first | gsi2pk `DAY#{day}#{0-3}`, 4 shards at once | gsi2 | 2 read units, 0.5 more per 4 KB |
//! | orders of a day and a status, newest first | gsi3pk `STATUS#{status}#{day}#{0-3}`, 4 shards at once | gsi3 | the same |
//! | pending orders, newest first | gsi3pk `HOLD#{0-3}`, 4 shards at once, all of each | gsi3 | the same |
//! | holds that may have ended, oldest first | gsi3pk `HOLD#{0-3}`, up to a time | gsi3 | the same |
//! | a transition, its history and its event | put on version + 2 puts | table | 2 write units per KB of each, and 1 per KB of the order for each of its 3 indexes |
//! | the counters of unpaid orders | `counter_store.rs` | | |
//! | erase the note of a history entry | `ORDER#{id}` / `HISTORY#{version}` | table | 1 write unit |
//!
//! The day is that of the order's creation, in UTC, so an order stays in its partitions unless its status changes.
//! Index rows hold the whole order. A list of many days reads some in parallel; a list of 31 days without orders costs
//! 62 read units.

use aws_kit::{Aws, ConditionFailures, Key, OptimisticWrite, Query, Table, Write, fault};
use aws_kit::{outbox_put, sha256_hex};
use events::{Envelope, Event, Recipient};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Clock, Email, Error, OrderId, Page, PageRequest, Result, Timestamp, Trace, UserId};

use crate::counters::CounterRows;
use crate::history::{HistoryEntry, Reason};
use crate::order::{Order, OrderDetails, PersonalData};
use crate::status::Status;

/// Partitions of each day, of each status and of the holds.
const SHARDS: u8 = 4;

/// The orders of the shop.
#[derive(Debug, Clone)]
pub struct Orders {
    table: Table,
    pub(crate) clock: Clock,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NumberRow {
    order_id: OrderId,
}

/// An entry of the index of email addresses. Its sort key is the id of the order.
#[derive(Deserialize)]
struct EmailEntry {
    gsi1sk: OrderId,
}

impl Orders {
    /// The table is named by `SOUK_TABLE_ORDERS`.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self { table: aws.table("SOUK_TABLE_ORDERS")?, clock })
    }

    /// The table: to warm its connection, to store responses of idempotency keys, and to find events that were not
    /// published.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Reads one order. 1 round trip.
    pub async fn read(&self, id: OrderId) -> Result<Option<Order>> {
        self.table.get(key(id, "ORDER")).await
    }

    /// An order with its personal data, in one round trip.
    pub(crate) async fn read_details(&self, id: OrderId) -> Result<Option<OrderDetails>> {
        let rows = Query::of(&self.table, format!("ORDER#{id}")).begins_with("ORDER").first::<Value>(2).await?;
        let mut rows = rows.into_iter();
        let Some(order) = rows.next() else { return Ok(None) };
        let order = serde_json::from_value(order).map_err(Error::internal)?;
        let personal = rows.next().map(serde_json::from_value).transpose().map_err(Error::internal)?;
        Ok(Some(OrderDetails { order, personal }))
    }

    /// The history of an order, oldest first.
    pub async fn history(&self, id: OrderId, request: &PageRequest) -> Result<Page<HistoryEntry>> {
        Query::of(&self.table, format!("ORDER#{id}")).begins_with("HISTORY#").page(request).await
    }

    /// Erases the note of an entry of the history, if there is one.
    pub(crate) async fn erase_note(&self, id: OrderId, version: u64) -> Result<()> {
        let erasure = Write::update(&self.table, history_key(id, version), "REMOVE note").when("attribute_exists(pk)");
        let _already_erased = erasure.run().await?;
        Ok(())
    }

    /// A customer's orders, newest first.
    pub async fn list_of_user(&self, user: UserId, request: &PageRequest) -> Result<Page<Order>> {
        Query::index(&self.table, "gsi1", format!("BUYER#{user}")).descending().page(request).await
    }

    /// A customer's newest orders before `before`, at most `limit`.
    pub(crate) async fn list_newest_of_user(
        &self,
        user: UserId,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>> {
        query_newest(&self.table, "gsi1", format!("BUYER#{user}"), before).first(limit).await
    }

    /// The newest orders of guests with that email address before `before`.
    pub(crate) async fn list_newest_of_email(
        &self,
        email: &Email,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderId>> {
        let entries =
            query_newest(&self.table, "gsi1", email_partition(email), before).first::<EmailEntry>(limit).await?;
        Ok(entries.into_iter().map(|entry| entry.gsi1sk).collect())
    }

    /// The orders with those ids, at most 100, in no particular order.
    pub(crate) async fn read_all(&self, ids: &[OrderId]) -> Result<Vec<Order>> {
        let keys: Vec<Key> = ids.iter().map(|id| key(*id, "ORDER")).collect();
        self.table.batch_get(&keys).await
    }

    pub(crate) async fn read_by_number(&self, number: &str) -> Result<Option<Order>> {
        match self.table.get::<NumberRow>(Key::new(format!("NUMBER#{number}"), "NUMBER")).await? {
            Some(row) => self.read(row.order_id).await,
            None => Ok(None),
        }
    }

    /// The newest orders of a day before `before`, in order: at most `limit` of each shard. If a status is given, only
    /// orders with it; it must not be `pending`.
    pub(crate) async fn list_newest_of_day(
        &self,
        day: &str,
        status: Option<Status>,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>> {
        let shards = (0..SHARDS).map(|shard| {
            let query = match status {
                Some(status) => query_newest(&self.table, "gsi3", status_partition(status, day, shard), before),
                None => query_newest(&self.table, "gsi2", day_partition(day, shard), before),
            };
            query.first::<Order>(limit)
        });
        let mut orders = try_join_all(shards).await?.concat();
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id.uuid()));
        Ok(orders)
    }

    /// Pending orders, newest first: of each shard those whose holds end last, at most `limit`.
    pub(crate) async fn read_pending(&self, limit: u32) -> Result<Vec<Order>> {
        let shards = (0..SHARDS)
            .map(|shard| Query::index(&self.table, "gsi3", format!("HOLD#{shard}")).descending().first::<Order>(limit));
        let mut orders = try_join_all(shards).await?.concat();
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id.uuid()));
        Ok(orders)
    }

    /// Orders whose hold has ended by `now`, at most 100 of each shard.
    pub async fn list_expired_holds(&self, now: Timestamp) -> Result<Vec<Order>> {
        let mut ended = Vec::new();
        for shard in 0..SHARDS {
            let query = Query::index(&self.table, "gsi3", format!("HOLD#{shard}")).up_to(now.to_string());
            ended.extend(query.first::<Order>(100).await?);
        }
        Ok(ended)
    }

    /// The writes of a new order.
    pub(crate) fn put_new(
        &self,
        order: &Order,
        personal: &PersonalData,
        trace: &Trace,
        event: Event,
    ) -> Result<Vec<Write>> {
        let number = Key::new(format!("NUMBER#{}", order.number), "NUMBER");
        Ok(vec![
            self.put_row(order)?.when("attribute_not_exists(pk)"),
            self.put_personal_data(order.id, personal)?,
            Write::create(&self.table, number, &NumberRow { order_id: order.id })?,
            self.put_history(order, trace, "placed".into())?,
            self.put_event(order, trace, event)?,
        ])
    }

    /// The writes of the next version of an order, the row first, on condition that the row still has the version
    /// before. When the order is no longer pending, its counters no longer count it.
    pub(crate) fn put_next<'a>(
        &self,
        next: &Order,
        trace: &Trace,
        reason: impl Into<Reason<'a>>,
        event: Option<Event>,
    ) -> Result<Vec<Write>> {
        self.put_next_after_decline(next, trace, reason, event, None)
    }

    /// The same, and the counters of the order count a decline if their rows are given.
    pub(crate) fn put_next_after_decline<'a>(
        &self,
        next: &Order,
        trace: &Trace,
        reason: impl Into<Reason<'a>>,
        event: Option<Event>,
        declined: Option<&CounterRows>,
    ) -> Result<Vec<Write>> {
        // The row names its counters as long as they count the order, so its version makes them stop counting once.
        let row = if next.status == Status::Pending { next.clone() } else { next.without_counters() };
        let mut writes = vec![self.put_row(&row)?.when("version = :before").value(":before", next.version - 1)?];
        if !fault::mutant("history_skipped") {
            writes.push(self.put_history(next, trace, reason.into())?);
        }
        if let Some(event) = event {
            writes.push(self.put_event(next, trace, event)?);
        }
        if let Some(counters) = &next.counters {
            writes.extend(self.change_counters(next, counters, declined)?);
        }
        Ok(writes)
    }

    /// A write that is decided again after a concurrent update. After too many of them the error is an outage, so that
    /// the message of a worker is delivered again.
    pub(crate) fn optimistic_write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(&self.table, &self.clock).unavailable_when_contended()
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
            Some(failure) => failure.row()?,
            None => self.read(order.id).await?,
        };
        latest.ok_or_else(|| Error::not_found("order"))
    }

    fn put_row(&self, order: &Order) -> Result<Write> {
        let buyer = match order.buyer {
            Recipient::User(id) => format!("BUYER#{id}"),
            Recipient::Contact(id) => format!("BUYER#{id}"),
        };
        let (shard, day) = (order.id.uuid().as_bytes()[15] % SHARDS, order.created_at.day());
        let row = Write::put(&self.table, key(order.id, "ORDER"), order)?
            .attribute("gsi1pk", buyer)?
            .attribute("gsi1sk", order.id)?
            .attribute("gsi2pk", day_partition(&day, shard))?
            .attribute("gsi2sk", order.id)?;
        match order.status {
            Status::Pending => {
                row.attribute("gsi3pk", format!("HOLD#{shard}"))?.attribute("gsi3sk", hold_sort_key(order))
            }
            status => row.attribute("gsi3pk", status_partition(status, &day, shard))?.attribute("gsi3sk", order.id),
        }
    }

    fn put_personal_data(&self, id: OrderId, personal: &PersonalData) -> Result<Write> {
        let row = Write::put(&self.table, key(id, "ORDER#PRIVATE"), personal)?;
        match &personal.email {
            Some(email) => row.attribute("gsi1pk", email_partition(email))?.attribute("gsi1sk", id),
            None => Ok(row),
        }
    }

    fn put_history(&self, order: &Order, trace: &Trace, reason: Reason<'_>) -> Result<Write> {
        Write::create(&self.table, history_key(order.id, order.version), &HistoryEntry::new(order, trace, reason))
    }

    fn put_event(&self, order: &Order, trace: &Trace, event: Event) -> Result<Write> {
        outbox_put(&self.table, &Envelope::new(&self.clock, trace, order.id, order.version, event))
    }
}

fn key(id: OrderId, sk: &str) -> Key {
    Key::new(format!("ORDER#{id}"), sk)
}

fn history_key(id: OrderId, version: u64) -> Key {
    key(id, &format!("HISTORY#{version:06}"))
}

fn day_partition(day: &str, shard: u8) -> String {
    format!("DAY#{day}#{shard}")
}

fn status_partition(status: Status, day: &str, shard: u8) -> String {
    format!("STATUS#{}#{day}#{shard}", status.name())
}

/// A digest, because keys appear in metrics, traces and support tickets, where personal data must not appear.
fn email_partition(email: &Email) -> String {
    format!("EMAIL#{}", sha256_hex(email.as_str().as_bytes()))
}

/// The sort key of a pending order in the index of holds: the end of the hold, made unique by the id.
fn hold_sort_key(order: &Order) -> String {
    format!("{}#{}", order.hold_expires_at, order.id)
}

/// A query of an index partition, newest first, before `before` if it is given.
fn query_newest(table: &Table, index: &'static str, partition: String, before: Option<impl ToString>) -> Query {
    let query = Query::index(table, index, partition).descending();
    match before {
        Some(before) => query.before(before.to_string()),
        None => query,
    }
}
