//! What changed in a cart since its owner last viewed it. Pure.

use catalog::ShownStock;
use serde::{Deserialize, Serialize};
use values::{Money, Sku};

/// A change of a line since the owner last viewed the cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartChange"))]
pub struct Change {
    pub sku: Sku,
    #[serde(flatten)]
    pub kind: ChangeKind,
}

impl Change {
    /// The change that is shown: a stock with no more pieces than the caller may see.
    #[must_use]
    pub fn shown(self, shown: ShownStock) -> Self {
        let kind = match self.kind {
            ChangeKind::Stock { was, now } => ChangeKind::Stock { was: shown.pieces(was), now: shown.pieces(now) },
            kind => kind,
        };
        Self { kind, ..self }
    }
}

/// What changed, with the value before and the value now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "CartChangeKind"))]
pub enum ChangeKind {
    /// The price of one piece.
    Price {
        /// The price when the owner last viewed the cart.
        was: Money,
        /// The current price.
        now: Money,
    },
    /// Fewer pieces are available than the line has.
    Stock {
        /// Available when the owner last viewed the cart.
        was: u32,
        /// Available now.
        now: u32,
    },
    /// Two carts were merged, and the line has fewer pieces than they had together, because of the stock or the limits of a cart.
    Capped {
        /// Pieces in both carts.
        was: u32,
        /// Pieces in the merged cart.
        now: u32,
    },
    /// The product is no longer sold, and the line was removed.
    Gone {
        /// Pieces that were in the line.
        was: u32,
        /// Always 0.
        now: u32,
    },
}
