//! Rows of the promotions' table: promotions with limits, and what was counted for all orders, for a customer and for a code.

use std::collections::BTreeSet;

use serde::Deserialize;

/// A promotion, with what its rows have counted for all orders.
#[derive(Debug, Clone, Deserialize)]
pub struct Promotion {
    pub id: String,
    /// From its content.
    #[serde(skip)]
    pub limits: Limits,
    /// The rows that count up to its limit for all orders.
    #[serde(skip)]
    pub shards: Vec<Shard>,
}

/// How often a promotion can be used.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Limits {
    /// By all orders together.
    pub total: Option<i64>,
    /// By the orders of one customer.
    pub per_customer: Option<i64>,
    /// By the first order of a customer only.
    pub first_order: bool,
}

/// A row that counts up to a part of the limit for all orders.
#[derive(Debug, Clone, Deserialize)]
pub struct Shard {
    pub used: i64,
    pub quota: i64,
}

/// A row that counts the orders of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerUses {
    /// Stands for the customer.
    pub customer: String,
    /// None: the row claims the first order of the customer.
    pub promotion: Option<String>,
    /// The ids of the orders.
    pub orders: BTreeSet<String>,
}

/// The row of a code.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Code {
    pub code: String,
    pub promotion: String,
    #[serde(default)]
    pub max_uses: Option<i64>,
    #[serde(default)]
    pub used: i64,
}
