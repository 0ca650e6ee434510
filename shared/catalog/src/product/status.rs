//! Whether a SKU is sold.

use serde::{Deserialize, Serialize};

/// Is it sold?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In the shop.
    Active,
    /// In the shop, but only by its variants: the SKU of a product with options. No product's own status, an offer's alone.
    Grouped,
    /// Out of the shop for good; orders still speak of it.
    Archived,
}
