//! A request to adjust stock.

use values::{Sku, Text};

use crate::Movement;

/// A change of stock as an admin asks for it.
#[derive(Debug, Clone)]
pub struct Recount {
    /// Of which SKU; the product's own without it.
    pub sku: Option<Sku>,
    /// How.
    pub movement: Movement,
    /// Why, for the record.
    pub reason: Option<Text<200>>,
    /// Only while the product is at that version.
    pub version: Option<u64>,
    /// Only while its offers have moved so often: the second number of its tag.
    pub moves: Option<u64>,
    /// The line of an import that counts: once, however often it is read.
    pub line: Option<String>,
}

impl Recount {
    /// Of the product's own SKU, whatever was before.
    pub fn of(movement: Movement) -> Self {
        Self { sku: None, movement, reason: None, version: None, moves: None, line: None }
    }
}
