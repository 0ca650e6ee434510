//! A request to adjust stock.

use values::{Sku, Text};

use crate::StockChange;

/// An adjustment of stock as an admin or an import requests it.
#[derive(Debug, Clone)]
pub struct StockAdjustment {
    /// `None`: the product's own SKU.
    pub sku: Option<Sku>,
    pub change: StockChange,
    /// For the log.
    pub reason: Option<Text<200>>,
    /// Only if the product is at this version.
    pub version: Option<u64>,
    /// Only if the offers changed this often: the second number of the entity tag.
    pub offer_changes: Option<u64>,
    /// The import line that requests it. A line adjusts stock once, however often it is read.
    pub import_line: Option<String>,
}

impl StockAdjustment {
    /// An unconditional adjustment of the product's own SKU.
    pub fn new(change: StockChange) -> Self {
        Self { sku: None, change, reason: None, version: None, offer_changes: None, import_line: None }
    }
}
