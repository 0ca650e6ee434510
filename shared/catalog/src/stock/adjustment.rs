//! A request to adjust stock.

use values::{Sku, Text};

use crate::StockChange;

/// A change of stock as an admin asks for it.
#[derive(Debug, Clone)]
pub struct StockAdjustment {
    /// Of which SKU; the product's own without it.
    pub sku: Option<Sku>,
    /// How.
    pub change: StockChange,
    /// Why, for the record.
    pub reason: Option<Text<200>>,
    /// Only while the product is at that version.
    pub version: Option<u64>,
    /// Only while its offers have moved so often: the second number of its tag.
    pub offer_changes: Option<u64>,
    /// The line of an import that counts: once, however often it is read.
    pub import_line: Option<String>,
}

impl StockAdjustment {
    /// Of the product's own SKU, whatever was before.
    pub fn new(change: StockChange) -> Self {
        Self { sku: None, change, reason: None, version: None, offer_changes: None, import_line: None }
    }
}
