//! An order and what becomes of it. Pure.

use events::{
    CancelReason, Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderItem, OrderStatusChanged,
    Recipient,
};
use identity::Address;
use serde::{Deserialize, Serialize};
use values::{Email, Error, Money, OrderId, PaymentId, ProductId, Quantity, Result, Sku, Timestamp};

use crate::status::{Fulfilment, PaymentStatus, Status, illegal};

/// A line as it was bought: a snapshot, whatever becomes of the product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// What.
    pub sku: Sku,
    /// Of which product.
    pub product_id: ProductId,
    /// What it was called then.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// What one cost.
    pub unit_price: Money,
    /// Taken off.
    pub discount: Money,
    /// Added by the state.
    pub tax: Money,
    /// For all of them.
    pub line_total: Money,
}

/// An order without the personal data, which lies apart in [`Private`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// What people call it.
    pub number: String,
    /// The account, or the guest's contact.
    pub buyer: Recipient,
    /// What was bought.
    pub items: Vec<Item>,
    /// Sum of the lines.
    pub subtotal: Money,
    /// Taken off.
    pub discount: Money,
    /// Added by the state.
    pub tax: Money,
    /// Added for carriage.
    pub shipping: Money,
    /// To be paid.
    pub total: Money,
    /// How far it has come.
    pub status: Status,
    /// Where its money is.
    pub payment_status: PaymentStatus,
    /// Sequence of the last payment event that counted.
    pub payment_sequence: u64,
    /// Where its goods are.
    pub fulfilment_status: Fulfilment,
    /// What pays for it.
    pub payment_id: PaymentId,
    /// Until when its stock is held while it is pending.
    pub hold_expires_at: Timestamp,
    /// Counts changes.
    pub version: u64,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Personal data of an order: a row of its own, to be erased without touching the books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Private {
    /// A guest's mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Where it goes: a snapshot, whatever becomes of the address book.
    pub shipping_address: Address,
    /// Digest of a guest's order token. Here, because it never changes: the order's row is written again with every move, and
    /// with it each of its index entries, by the kilobyte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_digest: Option<String>,
}

impl Order {
    /// The next version of the same.
    pub fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// Moves on, if that is legal.
    pub fn moved(&self, next: Status, now: Timestamp) -> Result<Self> {
        self.status.check_may_become(next)?;
        Ok(Self { status: next, ..self.changed(now) })
    }

    /// Confirmed, because its money is reserved, as that version of its payment says: older news of it counts no more.
    pub fn authorized(&self, sequence: u64, now: Timestamp) -> Result<Self> {
        let confirmed = self.moved(Status::Confirmed, now)?;
        Ok(Self { payment_status: PaymentStatus::Authorized, payment_sequence: sequence, ..confirmed })
    }

    /// Moves on by the shop's hand: packed, sent, arrived. All other moves have causes of their own.
    pub fn advanced(&self, next: Status, now: Timestamp) -> Result<Self> {
        if !matches!(next, Status::Processing | Status::Shipped | Status::Delivered) {
            let detail =
                format!("An order does not become {} by hand; this one is {}.", next.name(), self.status.name());
            return Err(illegal(detail));
        }
        let next = self.moved(next, now)?;
        // A reservation may lapse at the bank after it confirmed the order, and all that was taken may be given back.
        if next.status != Status::Delivered && self.payment_status.is_missing() {
            let detail =
                format!("The payment is {}: nothing is sent for it. Cancel the order.", self.payment_status.name());
            return Err(illegal(detail));
        }
        match next.status {
            Status::Shipped => Ok(Self { fulfilment_status: Fulfilment::Fulfilled, ..next }),
            _ => Ok(next),
        }
    }

    /// With its stock held at least until `until`.
    pub fn held_until(&self, until: Timestamp, now: Timestamp) -> Self {
        Self { hold_expires_at: self.hold_expires_at.max(until), ..self.changed(now) }
    }

    /// May the customer try another payment?
    pub fn check_payable(&self, now: Timestamp) -> Result<()> {
        if self.status != Status::Pending {
            return Err(illegal(format!("The order is {}; only a pending one can be paid.", self.status.name())));
        }
        if self.hold_expires_at <= now {
            return Err(Error::conflict(
                "hold_expired",
                "The stock is held for this order no longer. Place a new order.",
            ));
        }
        Ok(())
    }

    /// Lines as events tell of them.
    pub fn lines(&self) -> Vec<Line> {
        let line = |item: &Item| Line {
            sku: item.sku.clone(),
            name: item.name.clone(),
            quantity: item.quantity,
            line_total: item.line_total,
        };
        self.items.iter().map(line).collect()
    }

    /// Pieces as events tell of them: what was taken from stock.
    fn pieces(&self) -> Vec<OrderItem> {
        let pieces =
            |item: &Item| OrderItem { sku: item.sku.clone(), product_id: item.product_id, quantity: item.quantity };
        self.items.iter().map(pieces).collect()
    }

    /// Data of `order.created`.
    pub fn created(&self) -> OrderCreated {
        OrderCreated {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            total: self.total,
            hold_expires_at: self.hold_expires_at,
            items: self.pieces(),
        }
    }

    /// Data of `order.processing` and `order.shipped`.
    pub fn on_its_way(&self) -> OrderStatusChanged {
        OrderStatusChanged {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            recipient: self.buyer,
        }
    }

    /// Data of `order.delivered`.
    pub fn delivered(&self) -> OrderDelivered {
        OrderDelivered {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            recipient: self.buyer,
            items: self.pieces(),
        }
    }

    /// Data of `order.confirmed`.
    pub fn confirmed(&self) -> OrderConfirmed {
        OrderConfirmed {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            lines: self.lines(),
            total: self.total,
        }
    }

    /// Data of `order.cancelled`.
    pub fn cancelled(&self, reason: CancelReason) -> OrderCancelled {
        OrderCancelled {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            recipient: self.buyer,
            reason,
            items: self.pieces(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use values::Clock;

    /// A pending order of two mugs.
    pub(crate) fn order() -> Order {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (now, eur) = (clock.now(), "EUR".parse().unwrap());
        let (zero, total) = (Money::zero(eur), Money::new(900, eur));
        let mugs = Item {
            sku: "MUG".parse().unwrap(),
            product_id: clock.mint(),
            name: "Mug".into(),
            quantity: Quantity::new(2).unwrap(),
            unit_price: Money::new(450, eur),
            discount: zero,
            tax: zero,
            line_total: total,
        };
        Order {
            id: clock.mint(),
            number: "7KQ4M-2XD9A".into(),
            buyer: Recipient::User(clock.mint()),
            items: vec![mugs],
            subtotal: total,
            discount: zero,
            tax: zero,
            shipping: zero,
            total,
            status: Status::Pending,
            payment_status: PaymentStatus::Unpaid,
            payment_sequence: 0,
            fulfilment_status: Fulfilment::Unfulfilled,
            payment_id: clock.mint(),
            hold_expires_at: now.plus_seconds(600),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn confirmed() -> Order {
        let mut order = order().moved(Status::Confirmed, order().created_at).unwrap();
        order.payment_status = PaymentStatus::Authorized;
        order
    }

    #[test]
    fn the_shop_packs_sends_and_delivers_in_this_order() {
        let now = order().created_at;
        let packed = confirmed().advanced(Status::Processing, now).unwrap();
        assert_eq!(confirmed().advanced(Status::Shipped, now).unwrap_err().code, "illegal_transition");
        let sent = packed.advanced(Status::Shipped, now).unwrap();
        assert_eq!(
            (packed.fulfilment_status, sent.fulfilment_status),
            (Fulfilment::Unfulfilled, Fulfilment::Fulfilled)
        );
        assert_eq!(sent.advanced(Status::Delivered, now).unwrap().version, 5);
    }

    #[test]
    fn what_is_taken_what_comes_back_and_what_arrives_is_told_by_the_piece() {
        let pieces = |event: serde_json::Value| event["items"].clone();
        let order = order();
        let created = pieces(serde_json::to_value(order.created()).unwrap());
        let product = order.items[0].product_id.to_string();
        assert_eq!(created, serde_json::json!([{ "sku": "MUG", "productId": product, "quantity": 2 }]));
        let cancelled = order.cancelled(CancelReason::ByCustomer);
        assert_eq!(pieces(serde_json::to_value(cancelled).unwrap()), created);
        assert_eq!(pieces(serde_json::to_value(order.delivered()).unwrap()), created);
    }

    #[test]
    fn what_is_not_done_by_hand_is_refused_whatever_the_table_says() {
        for (order, next) in [(order(), Status::Confirmed), (order(), Status::Pending), (confirmed(), Status::Returned)]
        {
            assert_eq!(order.advanced(next, order.created_at).unwrap_err().code, "illegal_transition");
        }
    }

    #[test]
    fn nothing_is_sent_for_a_payment_that_was_let_go_or_given_back() {
        for missing in [PaymentStatus::Voided, PaymentStatus::Refunded] {
            let order = Order { payment_status: missing, ..confirmed() };
            assert_eq!(order.advanced(Status::Processing, order.created_at).unwrap_err().code, "illegal_transition");
            let packed = Order { status: Status::Processing, ..order };
            assert_eq!(packed.advanced(Status::Shipped, packed.created_at).unwrap_err().code, "illegal_transition");
        }
        let partly = Order { payment_status: PaymentStatus::PartiallyRefunded, ..confirmed() };
        assert!(partly.advanced(Status::Processing, partly.created_at).is_ok());
    }
}
