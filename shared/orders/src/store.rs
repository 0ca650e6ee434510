//! The orders table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | one order, with its personal data | `ORDER#{id}`, sk begins with `ORDER` | table | 1 read unit (4 KB) |
//! | its history | `ORDER#{id}`, sk begins with `HISTORY#` | table | 1 read unit (4 KB) |
//! | an order by its number | `NUMBER#{number}` / `NUMBER` | table | 1 read unit |
//! | a customer's orders, newest first | gsi1pk `BUYER#{id}` | gsi1 | 0.5 read units a page of 4 KB |
//! | orders of a day | gsi2pk `DAY#{day}#{0-3}` | gsi2 | 0.5 read units a page of 4 KB |
//! | holds that may have ended, oldest first | gsi3pk `HOLD#{0-3}`, up to a moment | gsi3, sparse | 0.5 read units a page |
//! | a move, its history and its event | put on version + 2 puts | table | 2 write units per KB, in a transaction |

use aws_kit::{Aws, CommitError, Idempotency, Key, Query, Slot, Table, Transaction, Write, outbox_put};
use events::{Envelope, Event, Recipient};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Clock, Error, OrderId, Page, PageRequest, Result, Timestamp, Trace, UserId};

use crate::history::HistoryEntry;
use crate::order::{Order, Private, Status};
use crate::read::Full;

/// Partitions of the indexes by day and of holds.
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

    /// A customer's orders, newest first.
    pub async fn of_user(&self, user: UserId, request: &PageRequest) -> Result<Page<Order>> {
        Query::index(&self.table, "gsi1", format!("BUYER#{user}")).descending().page(request).await
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
            Write::put(&self.table, key(order.id, "ORDER#PRIVATE"), private)?,
            Write::create(&self.table, number, &NumberRow { order_id: order.id })?,
            self.remembered(order, trace, "placed")?,
            self.told(order, trace, event)?,
        ])
    }

    /// The writes of the next version of an order, the row first: refused when it is no longer the version that `next` was
    /// decided from.
    pub(crate) fn next(&self, next: &Order, trace: &Trace, reason: &str, event: Option<Event>) -> Result<Vec<Write>> {
        let mut writes = vec![
            self.row(next)?.when("version = :before").value(":before", next.version - 1)?,
            self.remembered(next, trace, reason)?,
        ];
        if let Some(event) = event {
            writes.push(self.told(next, trace, event)?);
        }
        Ok(writes)
    }

    /// The write that keeps the answer of a keyed request.
    pub(crate) fn kept(&self, idempotency: &Idempotency, answer: &impl Serialize) -> Result<Write> {
        idempotency.keep(&self.table, answer, self.clock.now())
    }

    fn row(&self, order: &Order) -> Result<Write> {
        let buyer = match order.buyer {
            Recipient::User(id) => format!("BUYER#{id}"),
            Recipient::Contact(id) => format!("BUYER#{id}"),
        };
        let shard = order.id.uuid().as_bytes()[15] % SHARDS;
        let row = Write::put(&self.table, key(order.id, "ORDER"), order)?
            .attribute("gsi1pk", buyer)?
            .attribute("gsi1sk", order.id)?
            .attribute("gsi2pk", format!("DAY#{}#{shard}", order.created_at.day()))?
            .attribute("gsi2sk", order.id)?;
        if order.status != Status::Pending {
            return Ok(row);
        }
        row.attribute("gsi3pk", format!("HOLD#{shard}"))?.attribute("gsi3sk", order.hold_expires_at)
    }

    fn remembered(&self, order: &Order, trace: &Trace, reason: &str) -> Result<Write> {
        let at = key(order.id, &format!("HISTORY#{:06}", order.version));
        Write::create(&self.table, at, &HistoryEntry::of(order, trace, reason))
    }

    fn told(&self, order: &Order, trace: &Trace, event: Event) -> Result<Write> {
        outbox_put(&self.table, &Envelope::new(&self.clock, trace, order.id, order.version, event))
    }
}

fn key(id: OrderId, sk: &str) -> Key {
    Key::new(format!("ORDER#{id}"), sk)
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

/// Commits a move, whose first writes are those of [`Orders::next`].
pub(crate) async fn commit(writes: Vec<Write>) -> Result<Moved> {
    let mut transaction = Transaction::new();
    add_all(&mut transaction, writes);
    match transaction.commit().await {
        Ok(()) => Ok(Moved::Done),
        // Every condition of a move (the order's version, its payment's version) says the same: somebody was faster.
        Err(CommitError::Refused(_)) => Ok(Moved::Overtaken),
        Err(CommitError::Failed(error)) => Err(error),
    }
}

/// How often a move is decided anew because somebody was faster.
pub(crate) const MOST_ROUNDS: usize = 8;

/// The error after so many rounds: a worker's message then comes again.
pub(crate) fn overtaken() -> Error {
    Error::unavailable("order", "it was moved by somebody else again and again")
}
