//! What events of orders carry, and what events of payments carry of orders.

use serde::{Deserialize, Serialize};
use values::{ContactId, Money, OrderId, PaymentId, ProductId, Quantity, Sku, Timestamp, UserId};

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

/// Pieces of one SKU in an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pieces {
    /// What.
    pub sku: Sku,
    /// The product that it is of.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
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
    /// What was taken from stock for it; empty in events of before they told.
    #[serde(default)]
    pub items: Vec<Pieces>,
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

/// Data of `order.processing` and `order.shipped`.
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

/// Data of `order.delivered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    /// The order.
    pub order_id: OrderId,
    /// What the customer calls it.
    pub order_number: String,
    /// What pays for it.
    pub payment_id: PaymentId,
    /// Whom to tell; also who received it.
    pub recipient: Recipient,
    /// What they received; empty in events of before they told.
    #[serde(default)]
    pub items: Vec<Pieces>,
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
    /// What went back into stock; empty in events of before they told.
    #[serde(default)]
    pub items: Vec<Pieces>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use values::Clock;

    use super::*;
    use crate::Event;

    #[test]
    fn an_event_of_before_items_were_told_is_still_read() {
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
