//! Rows that count uses: those of a promotion, of a customer and of a code. `store.rs` has the table.

use std::collections::HashMap;

use aws_kit::fault::mutant;
use aws_kit::{Key, Query, Write};
use futures::future::try_join_all;
use serde::Deserialize;
use values::{OrderId, PromotionId, Result, Timestamp};

use crate::applicable::found::{Counts, Found, FoundPromotion};
use crate::codes::code::CodeTerms;
use crate::codes::coupon_code::{CouponCode, MAX_COUPONS};
use crate::limits::customer_key::CustomerKey;
use crate::limits::quota::SHARDS;
use crate::limits::shard::Shard;
use crate::limits::uses::MAX_COUNTED;
use crate::promotions::promotion::Promotion;
use crate::store::{Promotions, code_key};

/// The limit of a DynamoDB batch read.
const MAX_KEYS: usize = 100;
/// The shards, customer and code of each promotion, and the claim of the first order.
const MAX_COUNT_ROWS: usize = MAX_COUPONS * SHARDS as usize + 2 * MAX_COUNTED + 1;
const _: () = assert!(MAX_COUNT_ROWS <= MAX_KEYS, "the counts of an order must fit one batch read");

/// A customer whose row was erased, and whose order is cancelled afterwards, has an empty row for so long.
const EMPTY_ROW_SECONDS: i64 = 24 * 3600;

/// The sort key of the claim of the first order.
const FIRST: &str = "FIRST";

/// A row that counts uses, of any kind.
#[derive(Debug, Default, Deserialize)]
struct CountRow {
    pk: String,
    sk: String,
    #[serde(default)]
    used: u32,
    #[serde(default)]
    quota: u32,
    /// The orders of a customer.
    #[serde(default)]
    orders: Vec<String>,
}

/// The counts of an order, as they were read.
#[derive(Debug, Default)]
pub(crate) struct CountRows(HashMap<(String, String), CountRow>);

impl Promotions {
    /// The writes of the shards of a promotion that is published.
    pub(crate) fn create_shards(&self, promotion: &Promotion) -> Result<Vec<Write>> {
        let shards = 0..promotion.shards;
        shards
            .map(|shard| Write::create(&self.table, shard_key(promotion.id, shard), &Shard::new(promotion, shard)))
            .collect()
    }

    /// Writes a change of a promotion to its shards, each alone: a transaction of all of them would lose to concurrent orders. A shard that
    /// knows this version, or a later one, stays as it is. 1 round trip.
    pub(crate) async fn write_shards(&self, promotion: &Promotion) -> Result<()> {
        let writes = (0..promotion.shards).map(|shard| self.update_shard(promotion, shard));
        let writes = writes.collect::<Result<Vec<_>>>()?;
        let _written_before = try_join_all(writes.into_iter().map(Write::run)).await?;
        Ok(())
    }

    /// The write of a change to a shard that is behind.
    fn update_shard(&self, promotion: &Promotion, shard: u8) -> Result<Write> {
        let new = Shard::new(promotion, shard);
        let (end, no_end) = match new.ends_at {
            Some(_) => (", endsAt = :end", ""),
            None => ("", " REMOVE endsAt"),
        };
        let change = format!("SET version = :v, quota = :quota, stopped = :stopped{end}{no_end}");
        let write = Write::update(&self.table, shard_key(promotion.id, shard), change)
            .when("version < :v")
            .value(":v", new.version)?
            .value(":quota", new.quota)?
            .value(":stopped", new.is_stopped)?;
        match new.ends_at {
            Some(ends_at) => write.value(":end", ends_at),
            None => Ok(write),
        }
    }

    /// All shards of a promotion, in no order. 1 round trip.
    pub(crate) async fn read_shards(&self, id: PromotionId, shards: u8) -> Result<Vec<Shard>> {
        let keys: Vec<Key> = (0..shards).map(|shard| shard_key(id, shard)).collect();
        self.table.batch_get(&keys).await
    }

    /// The write that counts a use up to the limit for all orders. Its condition fails if the row has counted its part of the limit, or
    /// knows a later version.
    pub(crate) fn count_in_shard(&self, id: PromotionId, shard: u8, version: u64, at: Timestamp) -> Result<Write> {
        let has_room = if mutant("promotion_unlimited") { "attribute_exists(pk)" } else { "used < quota" };
        let is_current = "stopped = :false AND version <= :v AND (attribute_not_exists(endsAt) OR endsAt > :now)";
        Write::update(&self.table, shard_key(id, shard), "SET used = used + :one, changes = changes + :one")
            .when(format!("{has_room} AND {is_current}"))
            .value(":one", 1)?
            .value(":false", false)?
            .value(":v", version)?
            .value(":now", at)
    }

    /// The write that counts a use up to the limit for a customer. The row has the ids of the orders, so an order that is removed twice is
    /// removed once.
    pub(crate) fn count_for_customer(
        &self,
        (customer, id): (&CustomerKey, PromotionId),
        order: OrderId,
        max: u32,
        expires_at: i64,
    ) -> Result<Write> {
        let max = if mutant("customer_unlimited") { u32::MAX } else { max };
        self.add_order(customer_key(customer, id), order, max, expires_at)
    }

    /// The write that claims the first order of a customer.
    pub(crate) fn claim_first_order(&self, customer: &CustomerKey, order: OrderId, expires_at: i64) -> Result<Write> {
        let max = if mutant("first_order_unclaimed") { u32::MAX } else { 1 };
        self.add_order(first_key(customer), order, max, expires_at)
    }

    fn add_order(&self, key: Key, order: OrderId, max: u32, expires_at: i64) -> Result<Write> {
        Write::update(&self.table, key, "SET expiresAt = :expires ADD #orders :order")
            .when("attribute_not_exists(#orders) OR size(#orders) < :max")
            .name("#orders", "orders")
            .string_set(":order", [order.to_string()])?
            .value(":expires", expires_at)?
            .value(":max", max)
    }

    /// The write that counts a use of a code. A generated code gets its row here.
    pub(crate) fn count_code(&self, terms: &CodeTerms, max: u32) -> Result<Write> {
        let set = "SET #code = :code, promotion = :promotion, maxUses = :max, used = if_not_exists(used, :zero) + :one";
        Write::update(&self.table, code_key(&terms.code), set)
            .when("attribute_not_exists(pk) OR (promotion = :promotion AND used < :max)")
            .name("#code", "code")
            .value(":code", &terms.code)?
            .value(":promotion", terms.promotion)?
            .value(":max", max)?
            .value(":zero", 0)?
            .value(":one", 1)
    }

    /// The write that gives back a use of the limit for all orders. These rows are never deleted, so its condition holds for each use that
    /// was counted.
    pub(crate) fn release_in_shard(&self, id: PromotionId, shard: u8) -> Result<Write> {
        let change = "SET used = used - :n, changes = changes + :one";
        Write::update(&self.table, shard_key(id, shard), change)
            .when("used >= :n")
            .value(":n", released())?
            .value(":one", 1)
    }

    /// The write that gives back a use of a code. The same.
    pub(crate) fn release_code(&self, code: &CouponCode) -> Result<Write> {
        Write::update(&self.table, code_key(code), "SET used = used - :n").when("used >= :n").value(":n", released())
    }

    /// The write that removes an order from the row of a customer. It has no condition, because the row may have been erased with the
    /// account, or may have expired. An empty row expires.
    pub(crate) fn release_for_customer(
        &self,
        (customer, id): (&CustomerKey, PromotionId),
        order: OrderId,
        at: Timestamp,
    ) -> Result<Write> {
        self.remove_order(customer_key(customer, id), order, at)
    }

    /// The write that gives up the claim of the first order, if this order has it. The same.
    pub(crate) fn release_first_order(&self, customer: &CustomerKey, order: OrderId, at: Timestamp) -> Result<Write> {
        self.remove_order(first_key(customer), order, at)
    }

    fn remove_order(&self, key: Key, order: OrderId, at: Timestamp) -> Result<Write> {
        let change = "SET expiresAt = if_not_exists(expiresAt, :expires) DELETE #orders :order";
        Write::update(&self.table, key, change)
            .name("#orders", "orders")
            .string_set(":order", [order.to_string()])?
            .value(":expires", at.plus_seconds(EMPTY_ROW_SECONDS).seconds())
    }

    /// What was counted for these promotions, and for a customer if one is known. No round trip if nothing is to be read, else 1.
    pub(crate) async fn read_counts(&self, found: &Found, customer: Option<&CustomerKey>) -> Result<CountRows> {
        let keys = count_keys(found, customer);
        let rows = self.table.batch_get::<CountRow>(&keys).await?;
        Ok(CountRows(rows.into_iter().map(|row| ((row.pk.clone(), row.sk.clone()), row)).collect()))
    }

    /// The first rows of a customer.
    pub(crate) async fn customer_rows(&self, customer: &CustomerKey, limit: u32) -> Result<Vec<Key>> {
        Query::of(&self.table, customer_partition(customer)).first(limit).await
    }

    /// The write that deletes a row of a customer.
    pub(crate) fn delete_customer_row(&self, key: Key) -> Write {
        Write::delete(&self.table, key)
    }
}

impl CountRows {
    /// How often a promotion was used. Of automatic promotions, the uses of all orders are not read here.
    pub(crate) fn of(&self, one: &FoundPromotion, customer: Option<&CustomerKey>) -> Counts {
        let promotion = one.promotion();
        let shards: Vec<_> = shards_of(one).map(|key| self.find(&key)).collect();
        let is_full = |row: &Option<&CountRow>| row.is_some_and(|row| row.used >= row.quota);
        let by_code = one.limited_code().and_then(|terms| self.find(&code_key(&terms.code))).map_or(0, |row| row.used);
        let of_customer = customer.and_then(|customer| self.find(&customer_key(customer, promotion.id)));
        Counts {
            is_exhausted: !shards.is_empty() && shards.iter().all(is_full),
            by_code,
            by_customer: of_customer.map_or(0, CountRow::order_count),
        }
    }

    /// Has an order of the customer claimed to be the first?
    pub(crate) fn has_first_order(&self, customer: &CustomerKey) -> bool {
        self.find(&first_key(customer)).is_some_and(|row| row.order_count() > 0)
    }

    fn find(&self, key: &Key) -> Option<&CountRow> {
        self.0.get(&(key.pk.clone(), key.sk.clone()))
    }
}

impl CountRow {
    fn order_count(&self) -> u32 {
        u32::try_from(self.orders.len()).unwrap_or(u32::MAX)
    }
}

/// The rows that count these promotions.
fn count_keys(found: &Found, customer: Option<&CustomerKey>) -> Vec<Key> {
    let mut keys = Vec::new();
    for one in found.counted() {
        let promotion = one.promotion();
        keys.extend(shards_of(one));
        keys.extend(one.limited_code().map(|terms| code_key(&terms.code)));
        let is_counted = promotion.content.limits.per_customer.is_some();
        keys.extend(customer.filter(|_| is_counted).map(|customer| customer_key(customer, promotion.id)));
    }
    keys.extend(customer.filter(|_| found.has_first_order()).map(first_key));
    keys
}

/// The shards of a promotion that was found by a code.
fn shards_of(one: &FoundPromotion) -> impl Iterator<Item = Key> {
    let id = one.promotion().id;
    let shards = if one.has_code() { one.promotion().shards } else { 0 };
    (0..shards).map(move |shard| shard_key(id, shard))
}

/// How many uses a cancelled order gives back.
fn released() -> u32 {
    match (mutant("use_not_returned"), mutant("use_returned_twice")) {
        (true, _) => 0,
        (_, true) => 2,
        _ => 1,
    }
}

/// The key of a shard. Each is a partition, because all orders with a promotion write to its shards.
fn shard_key(id: PromotionId, shard: u8) -> Key {
    Key::new(format!("PROMO#{id}#{shard}"), "SHARD")
}

fn customer_partition(customer: &CustomerKey) -> String {
    format!("CUSTOMER#{}", customer.as_str())
}

fn customer_key(customer: &CustomerKey, id: PromotionId) -> Key {
    Key::new(customer_partition(customer), format!("USE#{id}"))
}

fn first_key(customer: &CustomerKey) -> Key {
    Key::new(customer_partition(customer), FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotions::promotion::tests::{live, now};
    use crate::store::tests::promotions;
    use serde_json::{Value, json};

    #[test]
    fn promotion_with_a_limit_is_published_with_its_shards() {
        let count = |limits: Value| promotions().create_shards(&live(json!({ "limits": limits }))).unwrap().len();
        assert_eq!((count(json!({})), count(json!({ "total": 500 })), count(json!({ "total": 501 }))), (0, 1, 16));
    }

    #[test]
    fn change_is_written_to_a_shard_that_is_behind() {
        let promotion = live(json!({ "limits": { "total": 10 }, "endsAt": now() }));
        let stopped = promotion.stop(now()).unwrap();
        let write = format!("{:?}", promotions().update_shard(&stopped, 0).unwrap());
        for part in ["version < :v", "endsAt = :end", "Bool(true)", "N(\"10\")", "N(\"3\")"] {
            assert!(write.contains(part), "{part} is not in {write}");
        }
        let endless = live(json!({ "limits": { "total": 10 } }));
        let write = format!("{:?}", promotions().update_shard(&endless, 0).unwrap());
        assert!(write.contains("REMOVE endsAt") && !write.contains(":end"), "{write}");
    }

    #[test]
    fn counts_are_read_from_their_rows() {
        let row = |pk: &str, sk: &str, more: Value| {
            let mut row = json!({ "pk": pk, "sk": sk });
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<CountRow>(row).unwrap()
        };
        let full = row("PROMO#prm_1#0", "SHARD", json!({ "used": 5, "quota": 5, "stopped": false, "version": 2 }));
        let first = row("CUSTOMER#ada", "FIRST", json!({ "orders": ["ord_1"], "expiresAt": 1 }));
        let empty = row("CUSTOMER#bob", "FIRST", json!({ "expiresAt": 1 }));
        assert_eq!((full.used, full.quota, first.order_count(), empty.order_count()), (5, 5, 1, 0));
    }
}
