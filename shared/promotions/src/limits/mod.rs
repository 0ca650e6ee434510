//! Room of limits: the rows that count uses, for a promotion, for a customer and for a code.
//!
//! Invariants: no row counts more than its limit. An order counts and gives back in its own transactions, exactly once each. A limit of
//! several rows is refused only after all were full at one moment.

pub(crate) mod consume;
pub(crate) mod customer_key;
pub(crate) mod erase_customer;
pub(crate) mod find_shards;
pub(crate) mod quota;
pub(crate) mod report_usage;
pub(crate) mod shard;
pub(crate) mod store;
pub(crate) mod use_problem;
pub(crate) mod uses;
