//! The record that a customer received a product.

use serde::{Deserialize, Serialize};
use values::{OrderId, ProductId, ReviewId, Timestamp};

/// The record that a customer received a product. It allows them one review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryRecord {
    /// The first order of several.
    pub(crate) order_id: OrderId,
    /// When it was recorded.
    pub(crate) at: Timestamp,
    /// The review that they posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) review: Option<ReviewId>,
}

/// A delivery record, with its product.
#[derive(Debug, Clone)]
pub(crate) struct DeliveredProduct {
    pub(crate) product_id: ProductId,
    pub(crate) order_id: OrderId,
    pub(crate) at: Timestamp,
    pub(crate) review: Option<ReviewId>,
}
