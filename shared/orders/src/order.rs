//! An order and its legal moves. Pure.

use events::{CancelReason, Line, OrderCancelled, OrderConfirmed, Recipient};
use identity::Address;
use serde::{Deserialize, Serialize};
use values::{Email, Error, Money, OrderId, PaymentId, ProductId, Quantity, Result, Sku, Timestamp};

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Placed; its stock is held.
    Pending,
    /// Its money is reserved.
    Confirmed,
    /// Being packed.
    Processing,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Given up; its stock is free.
    Cancelled,
    /// Came back.
    Returned,
}

impl Status {
    /// The contract's table of moves.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Cancelled, Confirmed, Delivered, Pending, Processing, Returned, Shipped};
        matches!(
            (self, next),
            (Pending, Confirmed)
                | (Confirmed, Processing)
                | (Processing, Shipped)
                | (Shipped, Delivered)
                | (Pending | Confirmed | Processing, Cancelled)
                | (Delivered, Returned)
        )
    }
}

/// Where its money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// With the customer.
    Unpaid,
    /// Reserved.
    Authorized,
    /// Here.
    Paid,
    /// Partly back with the customer.
    PartiallyRefunded,
    /// Back with the customer.
    Refunded,
    /// The provider declined.
    Failed,
    /// Let go.
    Voided,
}

/// Where its goods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fulfilment {
    /// Here.
    Unfulfilled,
    /// Some are on their way.
    Partial,
    /// All are on their way or arrived.
    Fulfilled,
    /// Back.
    Returned,
}

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
    /// Digest of the guest's order token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_digest: Option<String>,
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
}

impl Order {
    /// The next version of the same.
    pub fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// Moves on, if that is legal.
    pub fn moved(&self, next: Status, now: Timestamp) -> Result<Self> {
        if !self.status.may_become(next) {
            return Err(Error::conflict(
                "illegal_transition",
                format!("The order is {}; it cannot become {}.", name(self.status), name(next)),
            ));
        }
        Ok(Self { status: next, ..self.changed(now) })
    }

    /// With its stock held at least until `until`.
    pub fn held_until(&self, until: Timestamp, now: Timestamp) -> Self {
        Self { hold_expires_at: self.hold_expires_at.max(until), ..self.changed(now) }
    }

    /// May the customer try another payment?
    pub fn check_payable(&self, now: Timestamp) -> Result<()> {
        if self.status != Status::Pending {
            return Err(Error::conflict(
                "illegal_transition",
                format!("The order is {}; only a pending one can be paid.", name(self.status)),
            ));
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
        }
    }
}

/// As the API writes it.
fn name(status: Status) -> String {
    format!("{status:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 7] = [
        Status::Pending,
        Status::Confirmed,
        Status::Processing,
        Status::Shipped,
        Status::Delivered,
        Status::Cancelled,
        Status::Returned,
    ];

    #[test]
    fn the_moves_are_those_of_the_contract_and_no_others() {
        let legal: Vec<String> = ALL
            .iter()
            .flat_map(|from| {
                ALL.iter().filter(|to| from.may_become(**to)).map(move |to| format!("{}>{}", name(*from), name(*to)))
            })
            .collect();
        assert_eq!(
            legal,
            [
                "pending>confirmed",
                "pending>cancelled",
                "confirmed>processing",
                "confirmed>cancelled",
                "processing>shipped",
                "processing>cancelled",
                "shipped>delivered",
                "delivered>returned",
            ]
        );
    }
}
