//! Data of the catalog's events.

use serde::{Deserialize, Serialize};
use values::{JobId, ProductId, ReviewId, Sku};

/// Data of `product.*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductChanged {
    pub product_id: ProductId,
    pub sku: Sku,
}

/// Data of `stock.changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockChanged {
    pub product_id: ProductId,
    pub sku: Sku,
    /// Units that could be sold before the change.
    pub was: u32,
    /// Units that can be sold now.
    pub available: u32,
}

/// Data of `stock.low`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockLow {
    pub product_id: ProductId,
    pub sku: Sku,
    /// The name that carts and orders show.
    pub name: String,
    /// Units that can be sold now.
    pub available: u32,
    /// The stock is low at this number of units or fewer.
    pub threshold: u32,
}

/// Data of `review.*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewChanged {
    pub product_id: ProductId,
    pub review_id: ReviewId,
}

/// Data of `import.uploaded` and `export.requested`: the job has work to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDue {
    pub job_id: JobId,
}
