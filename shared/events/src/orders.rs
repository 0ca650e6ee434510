//! Data of the orders' events, and the parts of it that payments' events share.

use serde::{Deserialize, Serialize};
use values::{ContactId, Money, OrderId, PaymentId, ProductId, Quantity, Sku, Timestamp, UserId};

/// Who is notified: an account, or a guest's contact. Identity knows the email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Recipient {
    User(UserId),
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

/// An order line as the customer bought it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub sku: Sku,
    /// The name at the time of the order.
    pub name: String,
    pub quantity: Quantity,
    /// The price of the whole quantity.
    pub line_total: Money,
}

/// The quantity of one SKU in an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    pub sku: Sku,
    /// The product that the SKU belongs to.
    pub product_id: ProductId,
    pub quantity: Quantity,
}

/// Data of `order.created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCreated {
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// The payment that was created with the order.
    pub payment_id: PaymentId,
    /// The amount to pay.
    pub total: Money,
    /// When the hold on the order's stock expires.
    pub hold_expires_at: Timestamp,
    /// The stock that the order holds, in events of the release before: the catalog logs its sale. The sale of a later order is logged from
    /// the catalog's stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<OrderItem>,
}

/// Data of `order.confirmed`, which is written only for orders of the release before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// The payment to capture.
    pub payment_id: PaymentId,
    /// The confirmed lines.
    pub lines: Vec<Line>,
    /// The order's total.
    pub total: Money,
}

/// Data of `order.processing` and `order.shipped`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderStatusChanged {
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// The payment, which is captured at shipment if the shop is configured so.
    pub payment_id: PaymentId,
    /// Who is notified.
    pub recipient: Recipient,
}

/// Data of `order.delivered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// The order's payment.
    pub payment_id: PaymentId,
    /// Who is notified, and who received the goods.
    pub recipient: Recipient,
    /// The delivered goods. Empty in events of releases that did not send them.
    #[serde(default)]
    pub items: Vec<OrderItem>,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The order was not paid before its hold expired.
    HoldExpired,
    /// The customer cancelled it.
    ByCustomer,
    /// The shop cancelled it.
    ByShop,
}

/// Data of `order.cancelled`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    pub order_id: OrderId,
    /// The order's number, as the customer sees it.
    pub order_number: String,
    /// The payment to void, if it has not ended.
    pub payment_id: PaymentId,
    /// Who is notified.
    pub recipient: Recipient,
    pub reason: CancelReason,
    /// Whether the payment was authorised before. True in events of releases that did not send it.
    #[serde(default = "yes")]
    pub was_authorized: bool,
    /// Whether no worker has to void the payment: it has ended, or it was captured and has a refund. False in events of releases that did
    /// not send it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub payment_ended: bool,
    /// The goods that went back into stock, if this event has the catalog log their return. Empty if it is logged from the catalog's stream,
    /// and in events of releases that did not send them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<OrderItem>,
}

/// Events of earlier releases do not say whether an order was authorised.
fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use values::Clock;

    use super::*;
    use crate::Event;

    #[test]
    fn event_without_items_is_still_readable() {
        let (order, payment): (OrderId, PaymentId) = (Clock::System.mint(), Clock::System.mint());
        let recipient: UserId = Clock::System.mint();
        let mut data = json!({
            "orderId": order, "orderNumber": "7KQ4M-2XD9A", "paymentId": payment, "recipient": recipient,
            "total": { "amount": 900, "currency": "EUR" }, "holdExpiresAt": "2026-11-21T08:10:00.000Z", "reason": "by_shop",
        });
        for kind in ["order.created", "order.cancelled", "order.delivered"] {
            let event = serde_json::from_value(json!({ "eventType": kind, "data": data })).unwrap();
            let items = match event {
                Event::OrderCreated(OrderCreated { items, .. })
                | Event::OrderCancelled(OrderCancelled { items, .. })
                | Event::OrderDelivered(OrderDelivered { items, .. }) => items,
                other => panic!("{other:?}"),
            };
            assert_eq!(items, []);
        }
        let product: ProductId = Clock::System.mint();
        data["items"] = json!([{ "sku": "MUG", "productId": product, "quantity": 2 }]);
        let event = serde_json::from_value(json!({ "eventType": "order.created", "data": data })).unwrap();
        assert!(matches!(event, Event::OrderCreated(OrderCreated { items, .. }) if items.len() == 1));
    }
}
