//! A product that a customer received.

use serde::{Deserialize, Serialize};
use values::{OrderId, ProductId, ReviewId, Timestamp};

/// That a customer received a product: they may review it, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryRecord {
    /// With that order, the first of several.
    pub(crate) order_id: OrderId,
    /// When it was heard of.
    pub(crate) at: Timestamp,
    /// The review that they posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) review: Option<ReviewId>,
}

/// A receipt as its customer finds it.
#[derive(Debug, Clone)]
pub(crate) struct DeliveredProduct {
    pub(crate) product_id: ProductId,
    pub(crate) order_id: OrderId,
    pub(crate) at: Timestamp,
    pub(crate) review: Option<ReviewId>,
}
