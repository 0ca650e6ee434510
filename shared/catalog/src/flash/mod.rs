//! Room of flash sales: offers whose stock is in many rows, so that thousands of orders a second can reserve it (ADR 31).
//!
//! A bucket is a row with pieces of a SKU and a copy of what a sale depends on. The row of the offer has the tail, which are the pieces in
//! no bucket, and a bound for each group of 32 buckets. An order reserves in one bucket. A rebalance moves pieces between the tail and whole
//! groups.
//!
//! Invariants: tail, buckets and the orders that are not cancelled have all pieces that were added, and no row is negative. A group never
//! has more pieces than its bound; buckets from the number of the offer on are empty. When a change of price, status or most pieces of an
//! order has been answered, each bucket has it. A sale happens at the terms of the row that it is reserved in. A refusal rests on one read
//! of the offer: its tail and its bounds together have fewer pieces than wanted. The sum of several rows never refuses.

pub(crate) mod buckets;
pub(crate) mod choose_rows;
pub(crate) mod count;
pub(crate) mod find_rows;
pub(crate) mod known_buckets;
#[cfg(test)]
mod model_tests;
pub(crate) mod rebalance;
pub(crate) mod rebalance_offers;
pub(crate) mod set_flash;
pub(crate) mod store;
pub(crate) mod write_terms;
