//! The status of a product and of an offer.

use serde::{Deserialize, Serialize};

/// The status of a product or an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It can be bought.
    Active,
    /// It can be bought only by its variants. Only the main offer of a product with variants has this status.
    Grouped,
    /// It is no longer sold. Orders still refer to it.
    Archived,
}
