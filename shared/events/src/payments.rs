//! What events of payments carry.

use serde::{Deserialize, Serialize};
use values::{Money, OrderId, PaymentId, RefundId};

use crate::orders::{Line, Recipient};

/// Data of `payment.requested` and `payment.capture_requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequested {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
}

/// Data of `payment.authorized`, `payment.completed` and `payment.cancelled`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentDone {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// What the customer calls that order.
    pub order_number: String,
    /// Whom to tell.
    pub recipient: Recipient,
    /// How much.
    pub amount: Money,
    /// What it was for.
    pub lines: Vec<Line>,
}

/// Data of `payment.failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailed {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// What the customer calls that order.
    pub order_number: String,
    /// Whom to tell.
    pub recipient: Recipient,
    /// How much was asked for.
    pub amount: Money,
    /// Stable, such as `card_declined`.
    pub code: String,
    /// For the customer.
    pub message: String,
}

/// Data of `payment.requires_action`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentNeedsAction {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its order. Where the customer has to go stands in the payment, and nowhere else: that address is a secret of sorts.
    pub order_id: OrderId,
}

/// Data of `payment.refund_requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequested {
    /// The refund.
    pub refund_id: RefundId,
    /// The payment that it is of.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
}

/// Data of `payment.refunded`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// The refund.
    pub refund_id: RefundId,
    /// The payment that it is of.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// What the customer calls that order.
    pub order_number: String,
    /// Whom to tell.
    pub recipient: Recipient,
    /// Given back by this refund.
    pub amount: Money,
    /// Given back so far.
    pub refunded: Money,
    /// What had been taken.
    pub captured: Money,
}

/// Data of `payment.mismatched`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMismatched {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// What the customer calls that order.
    pub order_number: String,
    /// The provider's object.
    pub intent: String,
    /// What was to be paid.
    pub expected: Money,
    /// Minor units at the provider.
    pub seen_amount: i64,
    /// Currency at the provider, as it writes it.
    pub seen_currency: String,
}
