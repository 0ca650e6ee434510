//! What events of the catalog carry.

use serde::{Deserialize, Serialize};
use values::{JobId, ProductId, ReviewId, Sku};

/// Data of `product.*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductChanged {
    /// The product.
    pub product_id: ProductId,
    /// Its SKU.
    pub sku: Sku,
}

/// Data of `stock.changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockChanged {
    /// The product.
    pub product_id: ProductId,
    /// What is counted.
    pub sku: Sku,
    /// Pieces that could be sold before.
    pub was: u32,
    /// Pieces that can be sold now.
    pub available: u32,
}

/// Data of `stock.low`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockLow {
    /// The product.
    pub product_id: ProductId,
    /// What is counted.
    pub sku: Sku,
    /// As carts and orders call it.
    pub name: String,
    /// Pieces that can be sold now.
    pub available: u32,
    /// At so many, or fewer, it is low.
    pub threshold: u32,
}

/// Data of `review.*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewChanged {
    /// The product.
    pub product_id: ProductId,
    /// The review.
    pub review_id: ReviewId,
}

/// Data of `import.uploaded` and `export.requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobAdvanced {
    /// The job.
    pub job_id: JobId,
}
