//! The promotions' table. Only this file and the `store.rs` files of the rooms know its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | a promotion, or some of them | `PROMO#{id}` / `PROMO` | table, GetItem or BatchGet | 1 read unit per 4 KB each |
//! | all promotions, newest first | `gsi1pk = PROMOTIONS`, by id | gsi1 | half a unit per 4 KB |
//! | promotions of a market, newest first | `gsi2pk = MARKET#{market}`, by id | gsi2 | half a unit per 4 KB |
//! | live automatic promotions of a market | `PROMOTIONS#{market}`, by `{priority}#{id}`, 200 at most | table, Query | 1 read unit per 4 KB, once in 30 s for each execution environment |
//! | the order in which those change | `MARKET#{market}` / `MARKET`, on its version | table | 1 read unit; 2 write units |
//! | history of a promotion, newest first | `PROMO#{id}`, sk begins with `CHANGE#` | table, Query | 1 read unit per 4 KB |
//! | create, change, publish, stop | `PROMO#{id}` / `PROMO` on its version, `CHANGE#{version}`, the two rows of the market, new shards | transaction | 2 a KB and row, and 2 for the indexes |
//! | write a change to the shards | `PROMO#{id}#{shard}` / `SHARD`, each alone, if it is behind | table | 1 write unit each |
//! | count a use of all orders | `PROMO#{id}#{shard}` / `SHARD`, on its quota | the order's transaction | 2 write units |
//! | all shards of a promotion | the same, 1 or 16 | table, BatchGet | 1 read unit each |
//! | count a use of a customer | `CUSTOMER#{key}` / `USE#{id}`, on its size | the order's transaction | 2 write units |
//! | claim the first order of a customer | `CUSTOMER#{key}` / `FIRST`, if it has no order | the order's transaction | 2 write units |
//! | erase a customer | `CUSTOMER#{key}` | table, Query, deletes | 1 read unit; 1 write unit each |
//! | codes that a buyer has entered | `CODE#{code}` / `CODE` and `PREFIX#{prefix}` / `PREFIX`, 10 at most | table, BatchGet | 1 read unit each |
//! | count a use of a code | `CODE#{code}` / `CODE`, on its limit | the order's transaction | 2 write units |
//! | add 50 codes | `CODE#{code}` / `CODE` if new, `PROMO#{id}` / `CODE#{code}` | transaction | 4 write units each |
//! | codes of a promotion, with their uses | `PROMO#{id}`, sk begins with `CODE#`; then `CODE#{code}` | table, Query, BatchGet | 1 read unit per 4 KB, and 1 each |
//! | generate codes | `PREFIX#{prefix}` / `PREFIX` if new, `PROMO#{id}` / `BATCH#{prefix}` | transaction | 4 write units |
//! | start, queue and continue an import of codes | `JOB#{id}` / `JOB`, on its version | table | 1 write unit per KB |
//! | give a use back | the rows that counted it | the cancelling transaction | 2 write units each |
//!
//! A shard is a partition of its own, because DynamoDB gives a partition 1,000 write units a second. A generated code has no row until it
//! is used. Rows of customers expire 30 days after the end of their promotion. Rows of the list of a market expire with their promotion;
//! readers leave out those that have ended. Imports expire after a week. All other rows stay.

use std::sync::{Arc, Mutex, PoisonError};

use aws_kit::{Aws, Key, Table};
use values::{PromotionId, Result};

use crate::applicable::memory::Memory;
use crate::codes::coupon_code::CouponCode;

/// The promotions' table, as other contexts use it: reads for a price, and writes for the transactions of orders. Clones are cheap and
/// share their memory.
#[derive(Debug, Clone)]
pub struct Promotions {
    pub(crate) table: Table,
    memory: Arc<Mutex<Memory>>,
}

impl Promotions {
    /// The table `SOUK_TABLE_PROMOTIONS`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_PROMOTIONS")?))
    }

    /// A given table.
    pub fn new(table: Table) -> Self {
        Self { table, memory: Arc::default() }
    }

    /// The table, for example to open its connection early.
    pub fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) fn memory<T>(&self, access: impl FnOnce(&mut Memory) -> T) -> T {
        // A panic leaves no half-done insertion, so the lock's content is usable.
        access(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The partition of a promotion.
pub(crate) fn partition(id: PromotionId) -> String {
    format!("PROMO#{id}")
}

/// The key of a code. An order that uses a code counts it in this row.
pub(crate) fn code_key(code: &CouponCode) -> Key {
    Key::new(format!("CODE#{code}"), "CODE")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A table that no test calls, so its name makes no difference: it is that of a variable that is always set.
    pub(crate) fn promotions() -> Promotions {
        Promotions::new(Aws::from_env().table("PATH").unwrap())
    }
}
