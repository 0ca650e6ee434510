//! Rows of the tables and pages of the provider's ledger, with the fields that the checks read. They follow the shop's documents,
//! not its code.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

/// Money in the format of the API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Money {
    /// In minor units.
    pub amount: i64,
    /// An ISO 4217 code.
    pub currency: String,
}

/// The offer of one SKU.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub sku: String,
    /// The number of pieces that can be sold. In a flash sale, those that are in no bucket.
    pub available: i64,
    /// The number of stock changes, including the initial stock.
    pub stock_version: u64,
    /// The price of one piece.
    pub price: Money,
    /// The buckets of a flash sale.
    #[serde(default)]
    pub flash: Option<Flash>,
    /// How many of the stock changes only moved pieces between the offer and its buckets.
    #[serde(default)]
    pub rebalances: u64,
}

/// How the stock of a SKU is divided into buckets.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Flash {
    /// The number of buckets.
    pub buckets: usize,
    /// The most pieces that each group of 32 buckets can have.
    pub bounds: Vec<i64>,
}

/// A row with a part of the pieces of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    pub sku: String,
    /// From 0.
    pub number: usize,
    /// The number of pieces that can be sold from it.
    pub available: i64,
    /// The number of its sales.
    pub stock_version: u64,
}

/// One change of stock.
#[derive(Debug, Clone, Deserialize)]
pub struct Movement {
    pub sku: String,
    /// The number of pieces added (positive) or removed (negative).
    pub delta: i64,
}

/// The status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum OrderStatus {
    Pending,
    Confirmed,
    Processing,
    Shipped,
    Delivered,
    Cancelled,
    Returned,
}

/// The payment status that an order has recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum OrderPaymentStatus {
    Unpaid,
    Authorized,
    Paid,
    PartiallyRefunded,
    Refunded,
    Failed,
    Voided,
}

/// The status of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum PaymentStatus {
    Open,
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
    pub sku: String,
    pub quantity: i64,
    /// The price of one piece.
    pub unit_price: Money,
    /// The price of all pieces.
    pub line_total: Money,
}

/// An order with its private row and its history.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: String,
    /// The number that customers see.
    pub number: String,
    /// The id of the account or of the guest's contact.
    pub buyer: String,
    pub items: Vec<Item>,
    /// The sum of the lines.
    pub subtotal: Money,
    pub discount: Money,
    pub tax: Money,
    pub shipping: Money,
    /// The amount to pay.
    pub total: Money,
    pub status: OrderStatus,
    pub payment_status: OrderPaymentStatus,
    pub payment_id: String,
    /// An RFC 3339 time.
    pub hold_expires_at: String,
    /// The names of its counters while it is unpaid, of 16 characters each: of its network, and of its buyer.
    #[serde(default)]
    pub held: Option<String>,
    /// The number of changes.
    pub version: u64,
    /// The stored row, without the keys of the table and its indexes.
    #[serde(skip)]
    pub row: Value,
    /// Is the order in the index of active holds?
    #[serde(skip)]
    pub in_hold_index: bool,
    /// The idempotency key of its request. The suite writes the key into the postal address.
    #[serde(skip)]
    pub key: Option<String>,
    /// The history, in the order of versions.
    #[serde(skip)]
    pub steps: Vec<Step>,
}

impl Order {
    /// Does the order hold or own stock? A cancelled order does not.
    pub fn keeps_stock(&self) -> bool {
        self.status != OrderStatus::Cancelled
    }

    /// The names of the counters of its network and of its buyer.
    pub fn counters(&self) -> Option<(&str, &str)> {
        self.held.as_deref()?.split_at_checked(16)
    }

    /// The number of pieces of a SKU in all lines.
    pub fn pieces_of(&self, sku: &str) -> i64 {
        self.items.iter().filter(|item| item.sku == sku).map(|item| item.quantity).sum()
    }
}

/// A counter of unpaid orders.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    pub name: String,
    /// The numbers of the orders.
    pub orders: BTreeSet<String>,
    /// The pieces of all SKUs: the number of their order, `#`, and a number.
    pub pieces: Vec<String>,
}

/// An entry of an order's history.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The order's version after this change.
    pub version: u64,
    /// An RFC 3339 time.
    pub at: String,
    /// For example `customer:usr_1` or `system:payments-worker`.
    pub actor: String,
    pub reason: String,
    /// The order's status after this change.
    pub status: OrderStatus,
    /// The payment status that the order has recorded after this change.
    pub payment_status: OrderPaymentStatus,
    /// The version of the payment that the order follows after this change.
    pub payment_sequence: u64,
    /// The end of the hold after this change.
    pub hold_expires_at: String,
    /// The stored entry, without the table's keys.
    #[serde(skip)]
    pub row: Value,
}

/// A payment's row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    pub id: String,
    pub order_id: String,
    pub amount: Money,
    /// In minor units.
    pub captured: i64,
    /// In minor units.
    pub refunded: i64,
    /// The sum of pending refunds, in minor units.
    #[serde(default)]
    pub refunding: i64,
    /// The amount that can still be refunded, in minor units.
    #[serde(default)]
    pub refundable: i64,
    pub status: PaymentStatus,
    /// When it was captured for its order, whose customer gets a mail about it.
    #[serde(default)]
    pub captured_at: Option<String>,
    /// The latest attempt is the last.
    pub attempts: Vec<Attempt>,
    /// The number of changes.
    pub version: u64,
    /// The time of the last change, as an RFC 3339 time.
    pub updated_at: String,
}

/// An attempt to charge a card.
#[derive(Debug, Clone, Deserialize)]
pub struct Attempt {
    /// The provider's id of the intent. None until it is known.
    pub intent: Option<String>,
    /// The outcome: a string, or an object with one member of that name.
    #[serde(default)]
    pub outcome: Value,
}

/// The status of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

/// A refund's row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    pub id: String,
    pub payment_id: String,
    /// In minor units.
    #[serde(deserialize_with = "minor_units")]
    pub amount: i64,
    pub status: RefundStatus,
    /// The provider's id of the refund. None until it is known.
    #[serde(default)]
    pub provider_id: Option<String>,
}

/// Reads minor units, written as a number or as money.
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
    pub sku: String,
    pub quantity: i64,
}

/// A row of the notifications table: a mail that was sent, failed or is being sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// `sending`, `sent`, `failed`, `unknown` or `suppressed`.
    pub status: String,
    /// The type of the event, for example `payment.completed`.
    pub event_type: String,
    /// The id of the order or payment that the event is about.
    pub subject: String,
}

/// A mail that the mail service accepted.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Contains the order's number.
    pub subject: String,
}

/// A payment intent in the provider's ledger.
#[derive(Debug, Clone, Deserialize)]
pub struct Intent {
    pub id: String,
    /// From the intent's metadata.
    pub order_id: Option<String>,
    /// The attempts on cards.
    pub charges: Vec<Charge>,
    /// In chronological order.
    pub history: Vec<IntentEvent>,
}

impl Intent {
    /// The captured amount, in minor units.
    pub fn captured(&self) -> i64 {
        self.charges.iter().map(|charge| charge.captured).sum()
    }

    /// The refunded amount, in minor units.
    pub fn refunded(&self) -> i64 {
        self.charges.iter().map(|charge| charge.refunded).sum()
    }

    /// Is money authorised and neither captured nor voided?
    pub fn holds_money(&self) -> bool {
        self.charges.iter().any(|charge| charge.state == "authorised")
    }

    /// Did the intent ever authorise money? Then the shop must know it.
    pub fn has_moved_money(&self) -> bool {
        self.charges.iter().any(|charge| charge.state != "declined")
    }
}

/// An attempt on a card, in the provider's ledger.
#[derive(Debug, Clone, Deserialize)]
pub struct Charge {
    /// In minor units.
    pub captured: i64,
    /// In minor units.
    pub refunded: i64,
    /// `declined`, `authorised`, `captured` or `voided`.
    pub state: String,
}

/// An entry of an intent's history.
#[derive(Debug, Clone, Deserialize)]
pub struct IntentEvent {
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// `authorised`, `captured`, `voided`, …
    pub what: String,
}

/// A refund in the provider's ledger.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderRefund {
    pub id: String,
    pub intent: String,
    /// In minor units.
    pub amount: i64,
    /// The metadata that the shop sent.
    #[serde(default)]
    pub metadata: Value,
}

/// A request that the provider received.
#[derive(Debug, Clone, Deserialize)]
pub struct ProviderRequest {
    pub method: String,
    pub path: String,
    pub order_id: Option<String>,
    /// None if the connection was dropped.
    pub status: Option<u16>,
}
