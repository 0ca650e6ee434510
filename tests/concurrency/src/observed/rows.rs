//! Rows of the tables and pages of the provider's books, as far as a check reads them. Written from the shop's documents,
//! not from its code.

use serde::Deserialize;
use serde_json::Value;

/// Money as the shop writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// What is sold under one SKU.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Which.
    pub sku: String,
    /// Pieces that can be sold.
    pub available: i64,
    /// How often that has changed, its first pieces included.
    pub stock_version: u64,
    /// Of one.
    pub price: Money,
}

/// Why stock is what it is: one line of the log.
#[derive(Debug, Clone, Deserialize)]
pub struct Movement {
    /// Of what.
    pub sku: String,
    /// Pieces that came, or went.
    pub delta: i64,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the contract's words")]
pub enum OrderStatus {
    Pending,
    Confirmed,
    Processing,
    Shipped,
    Delivered,
    Cancelled,
    Returned,
}

/// Where an order believes its money to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the contract's words")]
pub enum OrderPaymentStatus {
    Unpaid,
    Authorized,
    Paid,
    PartiallyRefunded,
    Refunded,
    Failed,
    Voided,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the contract's words")]
pub enum PaymentStatus {
    PendingCall,
    RequiresAction,
    Authorized,
    Captured,
    PartiallyRefunded,
    Refunded,
    Failed,
    Cancelling,
    Cancelled,
}

/// A line of an order.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// What.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// Of one.
    pub unit_price: Money,
    /// Of all.
    pub line_total: Money,
}

/// An order's row, its personal row and its history, together.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// `ord_…`.
    pub id: String,
    /// What people call it.
    pub number: String,
    /// The account, or the guest's contact.
    pub buyer: String,
    /// The lines.
    pub items: Vec<Item>,
    /// Of the lines.
    pub subtotal: Money,
    /// Taken off.
    pub discount: Money,
    /// Added.
    pub tax: Money,
    /// Added.
    pub shipping: Money,
    /// To be paid.
    pub total: Money,
    /// How far it has come.
    pub status: OrderStatus,
    /// Where it believes its money to be.
    pub payment_status: OrderPaymentStatus,
    /// `pay_…`.
    pub payment_id: String,
    /// RFC 3339.
    pub hold_expires_at: String,
    /// Counts changes.
    pub version: u64,
    /// The row as it is stored, without the keys of the table and its indexes.
    #[serde(skip)]
    pub row: Value,
    /// Is it in the index of live holds?
    #[serde(skip)]
    pub in_hold_index: bool,
    /// The key under which it was ordered, which the suite writes into its address.
    #[serde(skip)]
    pub key: Option<String>,
    /// Its history, by version.
    #[serde(skip)]
    pub steps: Vec<Step>,
}

impl Order {
    /// Does it keep its goods? One that was given up does not.
    pub fn keeps_stock(&self) -> bool {
        self.status != OrderStatus::Cancelled
    }

    /// Pieces of a SKU, all lines summed.
    pub fn pieces_of(&self, sku: &str) -> i64 {
        self.items.iter().filter(|item| item.sku == sku).map(|item| item.quantity).sum()
    }
}

/// An entry of an order's history.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The order's version by it.
    pub version: u64,
    /// RFC 3339.
    pub at: String,
    /// `customer:usr_…`, `system:orders-worker`, …
    pub actor: String,
    /// Why.
    pub reason: String,
    /// What it became.
    pub status: OrderStatus,
    /// Until when its stock was held then.
    pub hold_expires_at: String,
    /// The entry as it is stored, without the table's keys.
    #[serde(skip)]
    pub row: Value,
}

/// A payment's row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// `pay_…`.
    pub id: String,
    /// What it pays.
    pub order_id: String,
    /// How much.
    pub amount: Money,
    /// Minor units taken.
    pub captured: i64,
    /// Minor units given back.
    pub refunded: i64,
    /// Minor units on their way back.
    #[serde(default)]
    pub refunding: i64,
    /// Minor units that can still be asked back.
    #[serde(default)]
    pub refundable: i64,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Tries, the present one last.
    pub attempts: Vec<Attempt>,
}

/// A try to charge a card.
#[derive(Debug, Clone, Deserialize)]
pub struct Attempt {
    /// The provider's object, once it is known.
    pub intent: Option<String>,
    /// How it ended: a word, or an object of which the word is the name.
    #[serde(default)]
    pub outcome: Value,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the contract's words")]
pub enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

/// A refund's row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// `rfd_…`.
    pub id: String,
    /// Of which payment.
    pub payment_id: String,
    /// How much.
    #[serde(deserialize_with = "minor_units")]
    pub amount: i64,
    /// Where it stands.
    pub status: RefundStatus,
    /// The provider's object, once it is known.
    #[serde(default)]
    pub provider_id: Option<String>,
}

/// Minor units, written as a number or as money.
fn minor_units<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Amount {
        MinorUnits(i64),
        Money(Money),
    }
    Amount::deserialize(from).map(|amount| match amount {
        Amount::MinorUnits(amount) => amount,
        Amount::Money(money) => money.amount,
    })
}

/// A line of a cart.
#[derive(Debug, Clone, Deserialize)]
pub struct CartLine {
    /// What.
    pub sku: String,
    /// How many.
    pub quantity: i64,
}

/// A row of the notifications table: what somebody was told, or was to be.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// `sending`, `sent`, `failed` or `unknown`.
    pub status: String,
    /// `payment.completed`.
    pub event_type: String,
    /// What the event is about: the id of an order or a payment.
    pub subject: String,
}

/// A mail that was taken by the mail service.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Names the order.
    pub subject: String,
}

/// A payment intent in the provider's books.
#[derive(Debug, Clone, Deserialize)]
pub struct Intent {
    /// `pi_…`.
    pub id: String,
    /// Of its metadata.
    pub order_id: Option<String>,
    /// Attempts on cards.
    pub charges: Vec<Charge>,
    /// What happened to it, in its order.
    pub history: Vec<IntentEvent>,
}

impl Intent {
    /// Minor units taken.
    pub fn captured(&self) -> i64 {
        self.charges.iter().map(|charge| charge.captured).sum()
    }

    /// Minor units given back.
    pub fn refunded(&self) -> i64 {
        self.charges.iter().map(|charge| charge.refunded).sum()
    }

    /// Is money held, and neither taken nor let go?
    pub fn holds_money(&self) -> bool {
        self.charges.iter().any(|charge| charge.state == "authorised")
    }

    /// Was money ever moved by it? Such an intent has to be in our books, too.
    pub fn has_moved_money(&self) -> bool {
        self.charges.iter().any(|charge| charge.state != "declined")
    }
}

/// An attempt on a card, in the provider's books.
#[derive(Debug, Clone, Deserialize)]
pub struct Charge {
    /// Minor units taken.
    pub captured: i64,
    /// Minor units given back.
    pub refunded: i64,
    /// `declined`, `authorised`, `captured` or `voided`.
    pub state: String,
}

/// A line of an intent's history.
#[derive(Debug, Clone, Deserialize)]
pub struct IntentEvent {
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// `authorised`, `captured`, `voided`, …
    pub what: String,
}

/// A refund in the provider's books.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderRefund {
    /// `re_…`.
    pub id: String,
    /// Of which intent.
    pub intent: String,
    /// Minor units.
    pub amount: i64,
    /// What we said about it.
    #[serde(default)]
    pub metadata: Value,
}

/// A request that the provider has seen.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderRequest {
    /// `POST`.
    pub method: String,
    /// `/v1/refunds`.
    pub path: String,
    /// Of which order.
    pub order_id: Option<String>,
    /// None if its connection was dropped.
    pub status: Option<u16>,
}
