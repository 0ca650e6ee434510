//! The rows of the counters of unpaid orders, in the orders table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | count a new order | update on the sizes of the sets, twice | table | 2 write units per KB of each, in the transaction; at most 350 KB |
//! | stop counting it, when it ends | update, twice | table | the same |
//! | stop counting it, when it is confirmed | update on its number, twice | table | 1 write unit per KB of each, beside the capture |
//! | refuse a payment after too many declines | condition, twice | table | the same |
//! | count a cancellation | update on the count of the day, twice | table | the same |
//! | count a decline | read both, update on what was read | table | 1 read unit per 4 KB, and the same |
//!
//! Concurrent orders of one network write one row, so their transactions conflict, and are sent again.

use std::collections::BTreeMap;

use aws_kit::fault::mutant;
use aws_kit::{Key, Write};
use futures::future::try_join_all;
use payments::{Declines, SET_DECLINES};
use values::{Result, Sku, Timestamp};

use crate::counters::{
    CounterRow, CounterRows, MAX_BLOCKS, UnpaidCounters, block_count, block_names, piece_names, pieces_attribute,
};
use crate::limits::{CancellationCounter, CounterLimits, DAY_SECONDS, OrderLimits};
use crate::order::Order;
use crate::store::Orders;

/// A row is kept for a day longer than it is needed.
const KEEP_SECONDS: i64 = DAY_SECONDS;

const NOT_BLOCKED: &str = "(attribute_not_exists(declines) OR declines < :declines OR declinesSince <= :since)";

impl Orders {
    /// The writes that count a new order, first for its network and then for its buyer. Their conditions are the limits.
    pub(crate) fn count_unpaid(
        &self,
        order: &Order,
        counters: &UnpaidCounters,
        limits: &OrderLimits,
    ) -> Result<[Write; 2]> {
        let mut network = self.count_order(order, &counters.network, limits.network, &order.items_by_sku())?;
        for (at, (_, quantity)) in order.items_by_sku().iter().enumerate() {
            // What may be there already. A quantity above the limit was refused before.
            network = network.value(&format!(":m{at}"), limits.pieces_per_network.saturating_sub(*quantity))?;
        }
        network = network.value(":mostBlocks", MAX_BLOCKS.saturating_sub(block_count(&order.items_by_sku())))?;
        Ok([network, self.count_order(order, &counters.buyer, limits.buyer, &[])?])
    }

    fn count_order(&self, order: &Order, counter: &str, limits: CounterLimits, items: &[(&Sku, u32)]) -> Result<Write> {
        let mut change = "SET expiresAt = :expires ADD #orders :order".to_owned();
        let mut condition = format!("(attribute_not_exists(#orders) OR size(#orders) < :orders) AND {NOT_BLOCKED}");
        if !items.is_empty() {
            change += ", #blocks :blocks";
            condition += " AND (attribute_not_exists(#blocks) OR size(#blocks) <= :mostBlocks)";
        }
        for at in 0..items.len() {
            change += &format!(", #p{at} :p{at}");
            condition += &format!(" AND (attribute_not_exists(#p{at}) OR size(#p{at}) <= :m{at})");
        }
        let write = Write::update(self.table(), key(counter), change)
            .when(condition)
            .value(":expires", order.hold_expires_at.plus_seconds(KEEP_SECONDS).seconds())?
            .value(":orders", limits.orders)?
            .value(":declines", limits.declines)?
            .value(":since", Declines::counted_after(order.created_at))?;
        name_order(write, order, items)
    }

    /// The conditions that neither counter of an order has too many declines.
    pub(crate) fn check_declines(
        &self,
        counters: &UnpaidCounters,
        limits: &OrderLimits,
        now: Timestamp,
    ) -> Result<[Write; 2]> {
        let check = |counter: &str, limits: CounterLimits| {
            Write::check(self.table(), key(counter))
                .when(NOT_BLOCKED)
                .value(":declines", limits.declines)?
                .value(":since", Declines::counted_after(now))
        };
        Ok([check(&counters.network, limits.network)?, check(&counters.buyer, limits.buyer)?])
    }

    /// The rows of the counters of an order; none if it is not limited. 1 round trip.
    pub(crate) async fn read_own_counters(&self, order: &Order) -> Result<Option<CounterRows>> {
        match &order.counters {
            Some(counters) => self.read_counters(counters).await.map(Some),
            None => Ok(None),
        }
    }

    async fn read_counters(&self, counters: &UnpaidCounters) -> Result<CounterRows> {
        let keys = [key(&counters.network), key(&counters.buyer)];
        let mut rows: BTreeMap<String, CounterRow> =
            self.table().batch_get::<CounterRow>(&keys).await?.into_iter().map(|row| (row.pk.clone(), row)).collect();
        let [network, buyer] = keys.map(|key| rows.remove(&key.pk).unwrap_or_default());
        Ok(CounterRows { network, buyer })
    }

    /// The writes by which the counters of an order follow its next version: they no longer count an order that leaves the index of
    /// holds, and count a decline if rows are given, on condition that no other decline was counted since they were read.
    pub(crate) fn change_counters(
        &self,
        next: &Order,
        counters: &UnpaidCounters,
        declined: Option<&CounterRows>,
    ) -> Result<Vec<Write>> {
        let is_over = !next.is_in_holds() && !mutant("unpaid_not_released");
        if !is_over && declined.is_none() {
            return Ok(Vec::new());
        }
        let items = next.items_by_sku();
        let network = (&counters.network, &items[..], declined.map(|rows| &rows.network));
        let buyer = (&counters.buyer, &[][..], declined.map(|rows| &rows.buyer));
        let changes = [network, buyer].map(|(counter, items, declined)| {
            let mut change = "SET expiresAt = if_not_exists(expiresAt, :expires)".to_owned();
            if declined.is_some() {
                change += &format!(", {SET_DECLINES}");
            }
            if is_over {
                change += &format!(" {}", deletion(items.len()));
            }
            let expires = next.updated_at.plus_seconds(KEEP_SECONDS).seconds();
            let mut write = Write::update(self.table(), key(counter), change).value(":expires", expires)?;
            if let Some(row) = declined {
                write = row.declines.count_one(write, next.updated_at)?;
            }
            if is_over { name_order(write, next, items) } else { Ok(write) }
        });
        changes.into_iter().collect()
    }

    /// Has the counters of a confirmed order no longer count it, each in a write of its own: alone it costs half. A counter that does not
    /// name the order stays as it is, so a repetition changes nothing. 1 round trip.
    pub(crate) async fn release_counters(&self, order: &Order, counters: &UnpaidCounters) -> Result<()> {
        if mutant("unpaid_not_released") {
            return Ok(());
        }
        let network = self.release_order(order, &counters.network, &order.items_by_sku())?;
        let buyer = self.release_order(order, &counters.buyer, &[])?;
        let _released_before = try_join_all([network, buyer].map(Write::run)).await?;
        Ok(())
    }

    fn release_order(&self, order: &Order, counter: &str, items: &[(&Sku, u32)]) -> Result<Write> {
        let write = Write::update(self.table(), key(counter), deletion(items.len()))
            .when("contains(#orders, :number)")
            .value(":number", &order.number)?;
        name_order(write, order, items)
    }
}

impl Orders {
    /// The write that counts a cancellation of a paid order for the day (UTC), on condition that fewer than the limit were counted.
    pub(crate) fn count_cancellation(&self, counter: &CancellationCounter, now: Timestamp) -> Result<Write> {
        let key = Key::new(format!("CANCELLED#{}", counter.digest), now.day());
        Write::update(self.table(), key, "SET expiresAt = :expires ADD cancellations :one")
            .when("attribute_not_exists(cancellations) OR cancellations < :limit")
            .value(":expires", now.plus_seconds(DAY_SECONDS + KEEP_SECONDS).seconds())?
            .value(":one", 1)?
            .value(":limit", counter.limit)
    }
}

/// The part of an update that no longer counts an order with so many lines. A counter of a buyer has no lines.
fn deletion(lines: usize) -> String {
    let mut change = "DELETE #orders :order".to_owned();
    if lines > 0 {
        change += ", #blocks :blocks";
    }
    change.extend((0..lines).map(|at| format!(", #p{at} :p{at}")));
    change
}

/// Binds the number of an order and the names of its pieces and their blocks.
fn name_order(write: Write, order: &Order, items: &[(&Sku, u32)]) -> Result<Write> {
    let mut write = write.name("#orders", "orders").string_set(":order", [&order.number])?;
    if !items.is_empty() {
        let blocks = block_names(&order.number, block_count(items));
        write = write.name("#blocks", "blocks").string_set(":blocks", blocks)?;
    }
    for (at, (sku, quantity)) in items.iter().enumerate() {
        write = write.name(&format!("#p{at}"), &pieces_attribute(sku));
        write = write.string_set(&format!(":p{at}"), piece_names(&order.number, *quantity))?;
    }
    Ok(write)
}

fn key(counter: &str) -> Key {
    Key::new(format!("UNPAID#{counter}"), "UNPAID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_leaves_each_set_that_counts_it() {
        assert_eq!(deletion(0), "DELETE #orders :order");
        assert_eq!(deletion(2), "DELETE #orders :order, #blocks :blocks, #p0 :p0, #p1 :p1");
    }
}
