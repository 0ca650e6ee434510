//! Lists of orders, in the orders table. An entry of an index says which order it is, and the rows of a page are then read together: the
//! head and what was placed.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | a customer's orders, newest first | gsi1pk `BUYER#{id}`, then the orders | gsi1 | 0.5 read units per 4 KB of entries of 200 bytes, and 1 for each order |
//! | orders of guests with an email address, newest first | gsi1pk `EMAIL#{sha-256}`, then the orders | gsi1 | the same |
//! | orders of a day, newest first | gsi2pk `DAY#{day}#{shard}`, of the noted shards, then the orders of the page | gsi2 | 0.5 read units for each shard, 0.5 more per 4 KB of entries, and 1 for each order |
//! | all orders of a day and a shard, newest first, 50 at once | gsi2pk `DAY#{day}#{shard}`, then the orders | gsi2 | 0.5 read units per 4 KB of entries, and 1 for each order |
//! | orders of a day and a status, newest first | gsi3pk `STATUS#{status}#{day}#{shard}`, of the noted shards, then what was placed | gsi3, with heads | 0.5 read units for each shard, 0.5 more per 4 KB of entries, and 0.5 for each order |
//! | orders that are pending or wait for their capture, and whose message may be lost | gsi3pk `HOLD#{0-63}`, up to a time | gsi3, with heads | 32 read units, 0.5 more per 4 KB |
//!
//! An entry of gsi1 or gsi2 is the number row of an order, or the whole order or its personal data if an earlier release placed it. All have
//! the order's id as sort key, and nothing else of them is read. An entry of gsi3 is the whole order if an earlier release placed it. A list
//! of many days reads some in parallel; a list of 31 days without orders costs 62 read units with 4 shards.

use std::collections::HashMap;

use aws_kit::{Key, Query, fault, read_shards, sweep};
use futures::future::try_join_all;
use serde::Deserialize;
use serde_json::Value;
use tracing::error;
use values::{Email, OrderId, Page, PageRequest, Result, Timestamp, UserId};

use crate::extend_hold::HOLD_EXTENSION_SECONDS;
use crate::order::Order;
use crate::order_rows::{HEAD, OrderHead, OrderRows, PLACED, StoredOrder};
use crate::status::{PaymentStatus, Status};
use crate::store::{Orders, buyer_partition, day_partition, email_partition, key, partition, status_partition};

/// Holds of one shard that one reconciliation reads: minutes of a worker's time.
const MAX_UNPAID: u32 = 250;
/// Declined orders of one shard whose mails are looked for together: with 4 shards those of 66 declines a second.
const MAX_DECLINED: u32 = 1000;
/// Orders that the daily walk reads together.
const DAY_PAGE: u32 = 50;
/// Rows that DynamoDB reads together.
const BATCH: usize = 100;

/// An order that an index lists.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: OrderId,
    /// Only if the entry of the index is the row of the order.
    stored: Option<StoredOrder>,
}

impl From<OrderId> for Listed {
    fn from(id: OrderId) -> Self {
        Self { id, stored: None }
    }
}

impl From<StoredOrder> for Listed {
    fn from(stored: StoredOrder) -> Self {
        Self { id: stored.head().id, stored: Some(stored) }
    }
}

impl Listed {
    /// The keys of the rows that are still to be read.
    fn keys(&self) -> Vec<Key> {
        match &self.stored {
            None => vec![key(self.id, HEAD), key(self.id, PLACED)],
            Some(StoredOrder::Split(_)) => vec![key(self.id, PLACED)],
            Some(StoredOrder::Whole(_)) => Vec::new(),
        }
    }

    /// The order with those rows. None if one of them does not exist.
    fn join(self, rows: Vec<Value>) -> Result<Option<Order>> {
        let rows = OrderRows::parse(rows)?;
        Ok(self.stored.or(rows.order).and_then(|stored| stored.join(rows.placed)))
    }
}

/// An entry of the index of buyers, or of that of email addresses.
#[derive(Deserialize)]
struct BuyerEntry {
    gsi1sk: OrderId,
}

/// An entry of the index of days.
#[derive(Deserialize)]
struct DayEntry {
    gsi2sk: OrderId,
}

/// A page of all orders of a day and a shard.
#[derive(Debug)]
pub(crate) struct DayPage {
    pub(crate) orders: Vec<Order>,
    /// Rows that cannot be read. They are in the log.
    pub(crate) unreadable: usize,
    /// The next page of the shard is of the orders before this one; none on the last page.
    pub(crate) next: Option<OrderId>,
}

impl Orders {
    /// A customer's orders, newest first. 2 round trips, 1 for a customer without orders. An order that was placed a moment ago may
    /// still be missing.
    pub async fn list_of_user(&self, user: UserId, request: &PageRequest) -> Result<Page<Order>> {
        let query = Query::index(self.table(), "gsi1", buyer_partition(user)).descending();
        let Page { rows, next } = query.page::<BuyerEntry>(request).await?;
        let rows = self.read_listed(rows.into_iter().map(|entry| entry.gsi1sk.into()).collect()).await?;
        Ok(Page { rows, next })
    }

    /// The ids of a customer's newest orders before `before`, at most `limit`. The same id can be there twice, one after the other.
    pub(crate) async fn list_newest_of_user(
        &self,
        user: UserId,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderId>> {
        self.list_newest_of_buyer(buyer_partition(user), before, limit).await
    }

    /// The same of guests with that email address.
    pub(crate) async fn list_newest_of_email(
        &self,
        email: &Email,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderId>> {
        self.list_newest_of_buyer(email_partition(email), before, limit).await
    }

    async fn list_newest_of_buyer(
        &self,
        partition: String,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderId>> {
        let entries = self.query_newest("gsi1", partition, before).first::<BuyerEntry>(limit).await?;
        Ok(entries.into_iter().map(|entry| entry.gsi1sk).collect())
    }

    /// The newest orders of a day before `before`, in order: of so many shards, at most `limit` of each. If a status is given, only
    /// orders with it; it must not be `pending`. `waiting` are the orders with it that the index of holds has: those of the day are added.
    /// A round trip for each 16 shards.
    pub(crate) async fn list_newest_of_day(
        &self,
        day: &str,
        shards: u8,
        status: Option<Status>,
        before: Option<OrderId>,
        limit: u32,
        waiting: &[StoredOrder],
    ) -> Result<Vec<Listed>> {
        let read = read_shards(shards, |shard| self.list_newest_of_shard((day, shard), status, before, limit)).await;
        let mut listed = Vec::new();
        for shard in read {
            listed.extend(shard?);
        }
        let is_listed = |head: &OrderHead| {
            head.created_at.day() == day && before.is_none_or(|before| head.id.uuid() < before.uuid())
        };
        let waiting = waiting.iter().filter(|stored| is_listed(&stored.head()));
        listed.extend(waiting.cloned().map(Listed::from));
        listed.sort_unstable_by_key(|listed| std::cmp::Reverse(listed.id.uuid()));
        Ok(listed)
    }

    async fn list_newest_of_shard(
        &self,
        (day, shard): (&str, u8),
        status: Option<Status>,
        before: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Listed>> {
        match status {
            Some(status) => {
                let query = self.query_newest("gsi3", status_partition(status, day, shard), before);
                Ok(query.first::<StoredOrder>(limit).await?.into_iter().map(Listed::from).collect())
            }
            None => {
                let query = self.query_newest("gsi2", day_partition(day, shard), before);
                Ok(query.first::<DayEntry>(limit).await?.into_iter().map(|entry| entry.gsi2sk.into()).collect())
            }
        }
    }

    /// The orders of a page, at most 100, in the order of the page, and a moment old at most. An order with a row that does not exist is
    /// left out. 1 round trip, 2 side by side for more than 50 orders, none if the index has whole orders.
    pub(crate) async fn read_listed(&self, listed: Vec<Listed>) -> Result<Vec<Order>> {
        self.peek_listed(listed).await?.into_iter().collect()
    }

    /// The same; a row that cannot be read is an error beside the other orders.
    async fn peek_listed(&self, mut listed: Vec<Listed>) -> Result<Vec<Result<Order>>> {
        remove_repeated(&mut listed);
        let keys: Vec<Key> = listed.iter().flat_map(Listed::keys).collect();
        let read = keys.chunks(BATCH).map(|keys| self.table().peek_all::<Value>(keys));
        let mut rows: HashMap<String, Vec<Value>> = HashMap::new();
        for row in try_join_all(read).await?.into_iter().flatten() {
            rows.entry(row["pk"].as_str().unwrap_or_default().to_owned()).or_default().push(row);
        }
        let orders = listed.into_iter().map(|listed| {
            let rows = rows.remove(&partition(listed.id)).unwrap_or_default();
            listed.join(rows)
        });
        Ok(orders.filter_map(Result::transpose).collect())
    }

    /// A page of all orders that were placed on a day (in UTC), of one shard, newest first, before `before`. Both reads are eventually
    /// consistent, so the day must be over for some time. A row that cannot be read does not stop the others. 2 round trips, 1 for a shard
    /// without orders.
    pub(crate) async fn list_all_of_shard(&self, day: &str, shard: u8, before: Option<OrderId>) -> Result<DayPage> {
        let mut listed = self.list_newest_of_shard((day, shard), None, before, DAY_PAGE + 1).await?;
        let is_more = listed.len() > DAY_PAGE as usize;
        listed.truncate(DAY_PAGE as usize);
        let next = listed.last().filter(|_| is_more).map(|listed| listed.id);
        let mut page = DayPage { orders: Vec::new(), unreadable: 0, next };
        for order in self.peek_listed(listed).await? {
            match order {
                Ok(order) => page.orders.push(order),
                Err(error) => {
                    page.unreadable += 1;
                    error!(
                        error.code = error.code,
                        error.cause = error.causes(),
                        index = "DAY",
                        "row in the index cannot be read"
                    );
                }
            }
        }
        Ok(page)
    }

    /// Orders in the index of holds that have last changed from `from`, if there is one, to `until`, at most [`MAX_UNPAID`] of each shard:
    /// the message about their payment may be lost. They are pending, or wait for their capture. An order that waits for its customer after
    /// a decline is left out. The first are those whose holds end first. With `from`, they are those whose holds end last, because recent
    /// orders are behind all that wait longer. No hold ends later than `hold_seconds`, or an extension, after the last change of its order.
    /// A shard or a row that cannot be read is an error beside the others; fails only if no shard can be read. 4 round trips, 1 more for
    /// each megabyte of a shard.
    pub async fn list_unpaid(
        &self,
        from: Option<Timestamp>,
        until: Timestamp,
        hold_seconds: i64,
    ) -> Result<Vec<Result<OrderHead>>> {
        if fault::mutant("payment_sweep_skipped") {
            return Ok(Vec::new());
        }
        // Without the attributes a row cannot be read, which is an error to report. So the conditions are negative.
        let filter = "NOT (updatedAt < :from OR updatedAt > :until) AND NOT (paymentStatus = :failed)";
        let since = from.unwrap_or(Timestamp::from_millis(0)).to_string();
        let query = |shard: u8| {
            let query = self.query_changed(shard, filter, (since.as_str(), until), hold_seconds);
            if from.is_some() { query.descending() } else { query }
        };
        sweep(query, MAX_UNPAID).await
    }

    /// Orders in the index of holds whose payment was declined, that have last changed from `from` (a time as text) to `until`, at most
    /// [`MAX_DECLINED`] of each shard, those first whose holds end first. The rest is as in [`Orders::list_unpaid`].
    pub async fn list_declined(
        &self,
        from: &str,
        until: Timestamp,
        hold_seconds: i64,
    ) -> Result<Vec<Result<OrderHead>>> {
        let filter = "NOT (updatedAt < :from OR updatedAt > :until) AND paymentStatus = :failed";
        sweep(|shard| self.query_changed(shard, filter, (from, until), hold_seconds), MAX_DECLINED).await
    }

    fn query_changed(
        &self,
        shard: u8,
        filter: &'static str,
        (from, until): (&str, Timestamp),
        hold_seconds: i64,
    ) -> Query {
        let last_end = until.plus_seconds(hold_seconds.max(HOLD_EXTENSION_SECONDS)).to_string();
        let failed = PaymentStatus::Failed.name().to_owned();
        let values = vec![(":from", from.to_owned()), (":until", until.to_string()), (":failed", failed)];
        self.query_holds(shard).up_to(last_end).filter(filter, values)
    }

    /// A query of an index partition, newest first, before `before` if it is given.
    fn query_newest(&self, index: &'static str, partition: String, before: Option<OrderId>) -> Query {
        let query = Query::index(self.table(), index, partition).descending();
        match before {
            Some(before) => query.before(before.to_string()),
            None => query,
        }
    }
}

/// Leaves each order in a sorted list once. During a deployment the earlier release writes the keys of a number row into the row of its
/// order too, so an index can have both. And a capture moves an order from the index of holds to that of its status.
fn remove_repeated(listed: &mut Vec<Listed>) {
    listed.dedup_by_key(|listed| listed.id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use serde_json::json;

    #[test]
    fn entry_is_a_number_row_or_a_whole_order() {
        let id = order().id;
        let number = json!({ "pk": "NUMBER#7KQ4M-2XD9A", "sk": "NUMBER", "orderId": id, "gsi1sk": id, "gsi2sk": id });
        let mut whole = serde_json::to_value(order()).unwrap();
        (whole["pk"], whole["gsi1sk"], whole["gsi2sk"]) = ("ORDER#x".into(), json!(id), json!(id));
        for entry in [number, whole] {
            assert_eq!(serde_json::from_value::<BuyerEntry>(entry.clone()).unwrap().gsi1sk, id);
            assert_eq!(serde_json::from_value::<DayEntry>(entry).unwrap().gsi2sk, id);
        }
    }

    #[test]
    fn order_with_two_entries_is_listed_once() {
        let clock = values::Clock::fixed(order().created_at);
        let (old, new): (OrderId, OrderId) = (clock.mint(), clock.mint());
        let mut listed: Vec<Listed> = [new, new, old].map(Listed::from).into();
        remove_repeated(&mut listed);
        assert_eq!(listed.iter().map(|listed| listed.id).collect::<Vec<_>>(), [new, old]);
    }
}
