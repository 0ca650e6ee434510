//! The orders table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | one order, with its personal data | `ORDER#{id}`, sk begins with `ORDER` | table | 1 read unit (4 KB) |
//! | its history, oldest first | `ORDER#{id}`, sk begins with `HISTORY#` | table | 1 read unit (4 KB) |
//! | an order by its number | `NUMBER#{number}` / `NUMBER`, then the order | table | 2 read units |
//! | a customer's orders, newest first | gsi1pk `BUYER#{id}` | gsi1 | 0.5 read units a page of 4 KB |
//! | orders of guests with a mail address, newest first | gsi1pk `EMAIL#{sha-256}`, then the orders, 100 at once | gsi1, on the personal data | 0.5 read units per 4 KB, and 1 each order |
//! | orders of a day, newest first | gsi2pk `DAY#{day}#{0-3}`, 4 shards at once | gsi2 | 2 read units, 0.5 more per 4 KB |
//! | orders of a day and a status, newest first | gsi3pk `STATUS#{status}#{day}#{0-3}`, 4 shards at once | gsi3 | the same |
//! | pending orders, newest first | gsi3pk `HOLD#{0-3}`, 4 shards at once, all of each | gsi3 | the same |
//! | holds that may have ended, oldest first | gsi3pk `HOLD#{0-3}`, up to a moment | gsi3 | the same |
//! | a move, its history and its event | put on version + 2 puts | table | 2 write units per KB of each, and 1 per KB of the order for each of its 3 indexes |
//! | forget somebody's words | `ORDER#{id}` / `HISTORY#{version}` | table | 1 write unit |
//!
//! A day is that of the order's creation, in UTC; so an order stays in its partitions but for its status. Index rows hold the
//! whole order. A list of many days asks for some at once; one of 31 days in which nothing was sold costs 62 read units.

use aws_kit::{Aws, CommitError, Idempotency, Idempotent, Key, Query, Slot, Table, Transaction, Write, fault};
use aws_kit::{outbox_put, sha256_hex};
use events::{Envelope, Event, Recipient};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Clock, Email, Error, OrderId, Page, PageRequest, Result, Timestamp, Trace, UserId};

use crate::history::{HistoryEntry, Why};
use crate::order::{Order, Private};
use crate::read::Full;
use crate::status::Status;

/// Partitions of the indexes by day, by status and of holds.
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

/// An entry of the index of mail addresses: the order's id is its sort key.
#[derive(Deserialize)]
struct EmailEntry {
    gsi1sk: OrderId,
}

impl Orders {
    /// On the table that the environment names.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self { table: aws.table("SOUK_TABLE_ORDERS")?, clock })
    }

    /// The table, to warm its connection, to keep idempotency records in, and to look for forgotten events.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// One order as it is now.
    pub async fn read(&self, id: OrderId) -> Result<Option<Order>> {
        self.table.get(key(id, "ORDER")).await
    }

    /// One order with its personal data, in one round trip.
    pub(crate) async fn read_full(&self, id: OrderId) -> Result<Option<Full>> {
        let rows = Query::of(&self.table, format!("ORDER#{id}")).begins_with("ORDER").first::<Value>(2).await?;
        let mut rows = rows.into_iter();
        let Some(order) = rows.next() else { return Ok(None) };
        let order = serde_json::from_value(order).map_err(Error::internal)?;
        let private = rows.next().map(serde_json::from_value).transpose().map_err(Error::internal)?;
        Ok(Some(Full { order, private }))
    }

    /// The history of an order, oldest first.
    pub async fn history(&self, id: OrderId, request: &PageRequest) -> Result<Page<HistoryEntry>> {
        Query::of(&self.table, format!("ORDER#{id}")).begins_with("HISTORY#").page(request).await
    }

    /// Takes a person's own words out of a line of a history, if they are there.
    pub(crate) async fn forget_note(&self, id: OrderId, version: u64) -> Result<()> {
        let forgotten =
            Write::update(&self.table, history_key(id, version), "REMOVE note").when("attribute_exists(pk)");
        let _gone_already = forgotten.run().await?;
        Ok(())
    }

    /// A customer's orders, newest first.
    pub async fn of_user(&self, user: UserId, request: &PageRequest) -> Result<Page<Order>> {
        Query::index(&self.table, "gsi1", format!("BUYER#{user}")).descending().page(request).await
    }

    /// A customer's newest orders, of those before `before`.
    pub(crate) async fn newest_of_user(&self, user: UserId, before: Option<OrderId>, most: u32) -> Result<Vec<Order>> {
        newest(&self.table, "gsi1", format!("BUYER#{user}"), before).first(most).await
    }

    /// The newest orders that guests with that mail address placed, of those before `before`.
    pub(crate) async fn newest_of_email(
        &self,
        email: &Email,
        before: Option<OrderId>,
        most: u32,
    ) -> Result<Vec<OrderId>> {
        let entries = newest(&self.table, "gsi1", email_partition(email), before).first::<EmailEntry>(most).await?;
        Ok(entries.into_iter().map(|entry| entry.gsi1sk).collect())
    }

    /// Those orders, at most 100, in no order.
    pub(crate) async fn read_all(&self, ids: &[OrderId]) -> Result<Vec<Order>> {
        let keys: Vec<Key> = ids.iter().map(|id| key(*id, "ORDER")).collect();
        self.table.batch_get(&keys).await
    }

    /// The order with that number.
    pub(crate) async fn of_number(&self, number: &str) -> Result<Option<Order>> {
        match self.table.get::<NumberRow>(Key::new(format!("NUMBER#{number}"), "NUMBER")).await? {
            Some(row) => self.read(row.order_id).await,
            None => Ok(None),
        }
    }

    /// The newest orders of a day, of those before `before`, of a status that is not `pending` if one is said: at most `most`
    /// of each shard, in order.
    pub(crate) async fn newest_of_day(
        &self,
        day: &str,
        status: Option<Status>,
        before: Option<OrderId>,
        most: u32,
    ) -> Result<Vec<Order>> {
        let shards = (0..SHARDS).map(|shard| {
            let query = match status {
                Some(status) => newest(&self.table, "gsi3", status_partition(status, day, shard), before),
                None => newest(&self.table, "gsi2", day_partition(day, shard), before),
            };
            query.first::<Order>(most)
        });
        let mut orders = try_join_all(shards).await?.concat();
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id.uuid()));
        Ok(orders)
    }

    /// Pending orders, in order: of each shard those whose hold ends last, at most `most`.
    pub(crate) async fn pending(&self, most: u32) -> Result<Vec<Order>> {
        let shards = (0..SHARDS)
            .map(|shard| Query::index(&self.table, "gsi3", format!("HOLD#{shard}")).descending().first::<Order>(most));
        let mut orders = try_join_all(shards).await?.concat();
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id.uuid()));
        Ok(orders)
    }

    /// Orders whose hold may have ended by `now`, at most 100 of each shard.
    pub async fn holds_ended(&self, now: Timestamp) -> Result<Vec<Order>> {
        let mut ended = Vec::new();
        for shard in 0..SHARDS {
            let query = Query::index(&self.table, "gsi3", format!("HOLD#{shard}")).up_to(now.to_string());
            ended.extend(query.first::<Order>(100).await?);
        }
        Ok(ended)
    }

    /// The writes of an order that was not there.
    pub(crate) fn created(&self, order: &Order, private: &Private, trace: &Trace, event: Event) -> Result<Vec<Write>> {
        let number = Key::new(format!("NUMBER#{}", order.number), "NUMBER");
        Ok(vec![
            self.row(order)?.when("attribute_not_exists(pk)"),
            self.private_row(order.id, private)?,
            Write::create(&self.table, number, &NumberRow { order_id: order.id })?,
            self.remembered(order, trace, "placed".into())?,
            self.told(order, trace, event)?,
        ])
    }

    /// The writes of the next version of an order, the row first: refused when it is no longer the version that `next` was
    /// decided from.
    pub(crate) fn next<'a>(
        &self,
        next: &Order,
        trace: &Trace,
        why: impl Into<Why<'a>>,
        event: Option<Event>,
    ) -> Result<Vec<Write>> {
        let mut writes = vec![self.row(next)?.when("version = :before").value(":before", next.version - 1)?];
        if !fault::mutant("history_skipped") {
            writes.push(self.remembered(next, trace, why.into())?);
        }
        if let Some(event) = event {
            writes.push(self.told(next, trace, event)?);
        }
        Ok(writes)
    }

    /// The write that keeps the answer of a keyed request.
    pub(crate) fn kept(&self, idempotency: &Idempotency, answer: &impl Serialize) -> Result<Write> {
        idempotency.keep(&self.table, answer, self.clock.now())
    }

    /// A move that was tried, or what the same request did before: a repetition meets its own effect. Its answer was kept,
    /// whatever became of the order since.
    pub(crate) async fn or_earlier(
        &self,
        tried: Result<Order>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Order>> {
        match (tried, idempotency) {
            (Ok(done), _) => Ok(Idempotent::Fresh(done)),
            (Err(error), Some(idempotency)) => {
                idempotency.or_earlier(&self.table, self.clock.now(), error).await.map(Idempotent::Replayed)
            }
            (Err(error), None) => Err(error),
        }
    }

    fn row(&self, order: &Order) -> Result<Write> {
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
            Status::Pending => row.attribute("gsi3pk", format!("HOLD#{shard}"))?.attribute("gsi3sk", hold_place(order)),
            status => row.attribute("gsi3pk", status_partition(status, &day, shard))?.attribute("gsi3sk", order.id),
        }
    }

    fn private_row(&self, id: OrderId, private: &Private) -> Result<Write> {
        let row = Write::put(&self.table, key(id, "ORDER#PRIVATE"), private)?;
        match &private.email {
            Some(email) => row.attribute("gsi1pk", email_partition(email))?.attribute("gsi1sk", id),
            None => Ok(row),
        }
    }

    fn remembered(&self, order: &Order, trace: &Trace, why: Why<'_>) -> Result<Write> {
        Write::create(&self.table, history_key(order.id, order.version), &HistoryEntry::of(order, trace, why))
    }

    fn told(&self, order: &Order, trace: &Trace, event: Event) -> Result<Write> {
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

/// A digest, because keys show up where data does not: in metrics, traces and support tickets.
fn email_partition(email: &Email) -> String {
    format!("EMAIL#{}", sha256_hex(email.as_str().as_bytes()))
}

/// Where a pending order stands in the index of holds: by the end of its hold, and no two at the same place.
fn hold_place(order: &Order) -> String {
    format!("{}#{}", order.hold_expires_at, order.id)
}

/// A partition of an index from its end, or from what is before `before`.
fn newest(table: &Table, index: &'static str, partition: String, before: Option<impl ToString>) -> Query {
    let query = Query::index(table, index, partition).descending();
    match before {
        Some(before) => query.before(before.to_string()),
        None => query,
    }
}

/// Adds writes to a transaction and tells where the first of them stands.
pub(crate) fn add_all(transaction: &mut Transaction, writes: impl IntoIterator<Item = Write>) -> Option<Slot> {
    let slots: Vec<Slot> = writes.into_iter().map(|write| transaction.add(write)).collect();
    slots.first().copied()
}

/// How a move ended.
pub(crate) enum Moved {
    /// It happened.
    Done,
    /// The order was moved by somebody else meanwhile: decide again.
    Overtaken,
}

/// Commits a move, whose first writes are those of [`Orders::next`], together with the answer of a keyed request. When that was
/// kept before, it is no use to decide again: an error, in whose place [`Orders::or_earlier`] gives the answer.
pub(crate) async fn commit(writes: Vec<Write>, kept: Option<Write>) -> Result<Moved> {
    let mut transaction = Transaction::new();
    add_all(&mut transaction, writes);
    let kept = add_all(&mut transaction, kept);
    fault::point("orders.before_commit");
    let committed = transaction.commit().await;
    fault::point("orders.committed");
    match committed {
        Ok(()) => Ok(Moved::Done),
        Err(CommitError::ConditionFailed(refusals)) if kept.and_then(|slot| refusals.of(slot)).is_some() => {
            Err(Error::conflict("order_refused", "The same request was made a moment ago. Try again."))
        }
        // Every other condition of a move (the order's version, its payment's version) says the same: somebody was faster.
        Err(CommitError::ConditionFailed(_)) => Ok(Moved::Overtaken),
        Err(CommitError::Failed(error)) => Err(error),
    }
}

/// How often a move is decided anew because somebody was faster.
pub(crate) const MOST_ROUNDS: usize = 8;

/// The error after so many rounds: a worker's message then comes again.
pub(crate) fn overtaken() -> Error {
    Error::unavailable("order", "it was moved by somebody else again and again")
}
