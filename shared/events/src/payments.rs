//! Data of the payments' events.

use serde::{Deserialize, Serialize};
use values::{Money, OrderId, PaymentId, RefundId};

use crate::orders::{Line, Recipient};

/// Data of `payment.requested` and `payment.capture_requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequested {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
}

/// Data of `payment.completed`, and of `payment.authorized` and `payment.cancelled` of the release before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentChanged {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// Who is notified.
    pub recipient: Recipient,
    /// The payment's amount.
    pub amount: Money,
    /// The lines that the payment is for, in events of the release before. Today the mail takes them from the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Whether the transaction of this event has changed the order, too. False in events of releases that did not send it: then the
    /// worker of orders changes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub order_changed: bool,
}

/// Data of `payment.failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailed {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// Who is notified.
    pub recipient: Recipient,
    /// The amount that was to be charged.
    pub amount: Money,
    /// A stable code, such as `card_declined`.
    pub code: String,
    /// A sentence for the customer.
    pub message: String,
    /// Whether the transaction of this event has changed the order, too. False in events of releases that did not send it: then the
    /// worker of orders changes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub order_changed: bool,
}

/// Data of `payment.requires_action`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentNeedsAction {
    pub payment_id: PaymentId,
    /// The event does not carry the URL of the action, because that URL is confidential. Only the payment has it.
    pub order_id: OrderId,
}

/// Data of `payment.refund_requested`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequested {
    pub refund_id: RefundId,
    /// The payment that is refunded.
    pub payment_id: PaymentId,
    pub order_id: OrderId,
}

/// Data of `payment.refunded`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    pub refund_id: RefundId,
    /// The payment that was refunded.
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// Who is notified.
    pub recipient: Recipient,
    /// The amount of this refund.
    pub amount: Money,
    /// The sum of all refunds of the payment, with this one.
    pub refunded: Money,
    /// The amount that was captured.
    pub captured: Money,
    /// Whether the transaction of this event has changed the order, too. False in events of releases that did not send it: then the
    /// worker of orders changes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub order_changed: bool,
}

/// Data of `payment.mismatched`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentMismatched {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// The id of the provider's payment object.
    pub intent: String,
    /// The amount of our payment.
    pub expected: Money,
    /// The provider's amount, in minor units.
    #[serde(rename = "seenAmount")]
    pub provider_amount: i64,
    /// The provider's currency, in the provider's spelling.
    #[serde(rename = "seenCurrency")]
    pub provider_currency: String,
}
