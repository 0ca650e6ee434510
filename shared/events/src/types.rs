//! Every event type of souk and what it carries.

use serde::{Deserialize, Serialize};
use values::{ContactId, Money, OrderId, PaymentId, ProductId, Quantity, RefundId, Sku, Timestamp, UserId};

/// What happened. On the wire: `{"eventType": "order.created", "data": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "eventType", content = "data")]
pub enum Event {
    /// An account was made.
    #[serde(rename = "user.registered")]
    UserRegistered(UserRegistered),
    /// A product was made.
    #[serde(rename = "product.created")]
    ProductCreated(ProductChanged),
    /// A product was changed.
    #[serde(rename = "product.updated")]
    ProductUpdated(ProductChanged),
    /// A product left the shop.
    #[serde(rename = "product.archived")]
    ProductArchived(ProductChanged),
    /// Stock was set or moved by hand (a sale tells by its order).
    #[serde(rename = "stock.changed")]
    StockChanged(StockChanged),
    /// An order was placed; its stock is held.
    #[serde(rename = "order.created")]
    OrderCreated(OrderCreated),
    /// Its money is authorised; it will be delivered.
    #[serde(rename = "order.confirmed")]
    OrderConfirmed(OrderConfirmed),
    /// It is being packed.
    #[serde(rename = "order.processing")]
    OrderProcessing(OrderMoved),
    /// It left.
    #[serde(rename = "order.shipped")]
    OrderShipped(OrderMoved),
    /// It arrived.
    #[serde(rename = "order.delivered")]
    OrderDelivered(OrderMoved),
    /// It will not be delivered; its stock is free again.
    #[serde(rename = "order.cancelled")]
    OrderCancelled(OrderCancelled),
    /// The customer asks to charge another method for a pending order.
    #[serde(rename = "payment.requested")]
    PaymentRequested(PaymentRequested),
    /// The provider reserved the money.
    #[serde(rename = "payment.authorized")]
    PaymentAuthorized(PaymentDone),
    /// The money is captured.
    #[serde(rename = "payment.completed")]
    PaymentCompleted(PaymentDone),
    /// The provider declined.
    #[serde(rename = "payment.failed")]
    PaymentFailed(PaymentFailed),
    /// Nothing was or will be taken.
    #[serde(rename = "payment.cancelled")]
    PaymentCancelled(PaymentDone),
    /// The customer has to do something at the provider's page.
    #[serde(rename = "payment.requires_action")]
    PaymentRequiresAction(PaymentNeedsAction),
    /// Somebody who may wants the reserved money taken now.
    #[serde(rename = "payment.capture_requested")]
    PaymentCaptureRequested(PaymentRequested),
    /// Captured money is to be given back.
    #[serde(rename = "payment.refund_requested")]
    PaymentRefundRequested(RefundRequested),
    /// Money was given back.
    #[serde(rename = "payment.refunded")]
    PaymentRefunded(PaymentRefunded),
    /// The provider's object is of another amount or currency than ours: an alarm. Nothing was or will be taken.
    #[serde(rename = "payment.mismatched")]
    PaymentMismatched(PaymentMismatched),
}

impl Event {
    /// The type as the wire names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserRegistered(_) => "user.registered",
            Self::ProductCreated(_) => "product.created",
            Self::ProductUpdated(_) => "product.updated",
            Self::ProductArchived(_) => "product.archived",
            Self::StockChanged(_) => "stock.changed",
            Self::OrderCreated(_) => "order.created",
            Self::OrderConfirmed(_) => "order.confirmed",
            Self::OrderProcessing(_) => "order.processing",
            Self::OrderShipped(_) => "order.shipped",
            Self::OrderDelivered(_) => "order.delivered",
            Self::OrderCancelled(_) => "order.cancelled",
            Self::PaymentRequested(_) => "payment.requested",
            Self::PaymentAuthorized(_) => "payment.authorized",
            Self::PaymentCompleted(_) => "payment.completed",
            Self::PaymentFailed(_) => "payment.failed",
            Self::PaymentCancelled(_) => "payment.cancelled",
            Self::PaymentRequiresAction(_) => "payment.requires_action",
            Self::PaymentCaptureRequested(_) => "payment.capture_requested",
            Self::PaymentRefundRequested(_) => "payment.refund_requested",
            Self::PaymentRefunded(_) => "payment.refunded",
            Self::PaymentMismatched(_) => "payment.mismatched",
        }
    }
}

/// Whom to tell: an account, or how a guest is reached. Identity knows the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Recipient {
    /// An account.
    User(UserId),
    /// A guest.
    Contact(ContactId),
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Contact(id) => id.fmt(f),
        }
    }
}

/// A line as the customer bought it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// What.
    pub sku: Sku,
    /// What it was called then.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// For all of them.
    pub line_total: Money,
}

/// Data of `user.registered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// The account.
    pub user_id: UserId,
}

/// Data of `product.*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductChanged {
    /// The product.
    pub product_id: ProductId,
    /// Its SKU.
    pub sku: Sku,
}

/// Data of `stock.changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockChanged {
    /// The product.
    pub product_id: ProductId,
    /// What is counted.
    pub sku: Sku,
    /// Pieces that can be sold now.
    pub available: u32,
    /// Why, as the admin said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Data of `order.created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCreated {
    /// The order.
    pub order_id: OrderId,
    /// What the customer calls it.
    pub order_number: String,
    /// The payment opened with it.
    pub payment_id: PaymentId,
    /// What is to be paid.
    pub total: Money,
    /// Until when its stock is held.
    pub hold_expires_at: Timestamp,
}

/// Data of `order.confirmed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {
    /// The order.
    pub order_id: OrderId,
    /// What the customer calls it.
    pub order_number: String,
    /// The payment to capture.
    pub payment_id: PaymentId,
    /// What was promised.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Money,
}

/// Data of `order.processing`, `order.shipped` and `order.delivered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderMoved {
    /// The order.
    pub order_id: OrderId,
    /// What the customer calls it.
    pub order_number: String,
    /// What pays for it: captured at shipment, if the shop does it so.
    pub payment_id: PaymentId,
    /// Whom to tell.
    pub recipient: Recipient,
}

/// Why an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// It was not paid before its hold ended.
    HoldExpired,
    /// The customer wanted so.
    ByCustomer,
    /// The shop wanted so.
    ByShop,
}

/// Data of `order.cancelled`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// What the customer calls it.
    pub order_number: String,
    /// The payment to void.
    pub payment_id: PaymentId,
    /// Whom to tell.
    pub recipient: Recipient,
    /// Why.
    pub reason: CancelReason,
}

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
