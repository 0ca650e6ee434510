//! How far an export has come: what its row keeps between two slices.

use aws_kit::Grown;
use serde::{Deserialize, Serialize};
use values::{OrderId, Position};

use crate::document::Document;

/// What is written next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Stage {
    /// The account itself.
    #[default]
    Account,
    /// What else lies in its partition, from behind that place.
    Rows(Option<Position>),
    /// Its orders, of those before this one.
    Orders(Option<OrderId>),
    /// Their payments.
    Payments(Option<OrderId>),
    /// What it received, and its reviews.
    Reviews(Option<Position>),
    /// Its cart.
    Cart,
    /// Nothing: the document is whole.
    Ended,
}

/// A checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) stage: Stage,
    pub(crate) document: Document,
    pub(crate) file: Grown,
}
