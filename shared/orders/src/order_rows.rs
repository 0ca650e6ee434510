//! The two rows of an order: the head, which changes with each transition, and what was placed, which never changes. Both are written
//! in one transaction, and each is smaller than a kilobyte for up to four lines with names of ordinary length. So lines and changes are
//! lists without names, and sums are bare minor units. Pure.
//!
//! An order that the release before has placed is one row, with its lines and sums. It is written back like that.

use std::borrow::Cow;
use std::collections::BTreeMap;

use events::Recipient;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Actor, Currency, Error, Money, OrderId, PaymentId, ProductId, Quantity, Result, Sku, Timestamp};

use crate::counters::UnpaidCounters;
use crate::order::{Item, Order, ReservedRows};
use crate::own_history::{Change, OwnHistory};
use crate::status::{Fulfilment, PaymentStatus, Status};

/// The sort key of the head.
pub(crate) const HEAD: &str = "ORDER";
/// The sort key of the row of what was placed.
pub(crate) const PLACED: &str = "ORDER#PLACED";
/// The attribute of that row with the personal data.
pub(crate) const PERSONAL: &str = "personal";
/// The sort key of the personal data of an order of the release before.
const OLD_PERSONAL: &str = "ORDER#PRIVATE";

/// What changes of an order, and what says which order it is. Every index entry is one. The row of an order of the release before can be
/// read as one, too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderHead {
    pub id: OrderId,
    pub number: String,
    pub buyer: Recipient,
    /// The amount to be paid.
    pub total: Money,
    pub status: Status,
    pub payment_status: PaymentStatus,
    /// The version of the payment that the order shows.
    pub payment_sequence: u64,
    pub fulfilment_status: Fulfilment,
    pub payment_id: PaymentId,
    /// When the stock is released if the order is still pending.
    pub hold_expires_at: Timestamp,
    #[serde(default, rename = "held", skip_serializing_if = "Option::is_none")]
    counters: Option<UnpaidCounters>,
    #[serde(default, rename = "captureDue", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_capture_due: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    names_moves: bool,
    /// Counts the changes, from 1.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(default)]
    changes: Vec<Change>,
}

impl OrderHead {
    pub(crate) fn of(order: &Order) -> Self {
        Self {
            id: order.id,
            number: order.number.clone(),
            buyer: order.buyer,
            total: order.total,
            status: order.status,
            payment_status: order.payment_status,
            payment_sequence: order.payment_sequence,
            fulfilment_status: order.fulfilment_status,
            payment_id: order.payment_id,
            hold_expires_at: order.hold_expires_at,
            counters: order.counters.clone(),
            is_capture_due: order.is_capture_due,
            names_moves: order.names_moves,
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
            changes: order.own_history.as_ref().map(|own| own.changes.clone()).unwrap_or_default(),
        }
    }

    /// The whole order.
    pub(crate) fn join(self, placed: PlacedRow) -> Order {
        let money = |amount| Money::new(amount, placed.currency);
        let item = |Line(sku, product_id, name, quantity, unit_price, discount, tax, line_total)| Item {
            sku,
            product_id,
            name,
            quantity,
            unit_price: money(unit_price),
            discount: money(discount),
            tax: money(tax),
            line_total: money(line_total),
        };
        Order {
            id: self.id,
            number: self.number,
            buyer: self.buyer,
            items: placed.lines.into_iter().map(item).collect(),
            subtotal: money(placed.subtotal),
            discount: money(placed.discount),
            tax: money(placed.tax),
            shipping: money(placed.shipping),
            total: self.total,
            status: self.status,
            payment_status: self.payment_status,
            payment_sequence: self.payment_sequence,
            fulfilment_status: self.fulfilment_status,
            payment_id: self.payment_id,
            hold_expires_at: self.hold_expires_at,
            counters: self.counters,
            is_capture_due: self.is_capture_due,
            names_moves: self.names_moves,
            reserved: placed.reserved,
            own_history: Some(OwnHistory {
                hold_seconds: placed.hold,
                actor: placed.actor,
                correlation_id: placed.correlation_id,
                changes: self.changes,
            }),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The order of which this is the head now. What was placed is as it was `before`.
    fn follow(self, before: &Order) -> Result<Order> {
        let own = before.own_history.as_ref();
        let own = own.ok_or_else(|| Error::internal(format!("order {} was one row before", self.id)))?;
        Ok(self.join(PlacedRow::new(before, own)))
    }
}

/// What was placed, without the personal data. `hold` is how many seconds the stock was held at first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedRow {
    currency: Currency,
    lines: Vec<Line>,
    subtotal: i64,
    discount: i64,
    tax: i64,
    shipping: i64,
    hold: i64,
    actor: Actor,
    correlation_id: String,
    /// The SKUs that were reserved in buckets, so only orders of a flash sale have it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reserved: BTreeMap<Sku, ReservedRows>,
}

/// A line: SKU, product, name, quantity, price of one piece, discount, tax, and the price of all pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line(Sku, ProductId, String, Quantity, i64, i64, i64, i64);

impl PlacedRow {
    pub(crate) fn new(order: &Order, own: &OwnHistory) -> Self {
        let line = |item: &Item| {
            let Item { sku, product_id, name, quantity, unit_price, discount, tax, line_total } = item.clone();
            Line(sku, product_id, name, quantity, unit_price.amount, discount.amount, tax.amount, line_total.amount)
        };
        Self {
            currency: order.total.currency,
            lines: order.items.iter().map(line).collect(),
            subtotal: order.subtotal.amount,
            discount: order.discount.amount,
            tax: order.tax.amount,
            shipping: order.shipping.amount,
            hold: own.hold_seconds,
            actor: own.actor.clone(),
            correlation_id: own.correlation_id.clone(),
            reserved: order.reserved.clone(),
        }
    }
}

/// The row of an order, or its entry in an index.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) enum StoredOrder {
    /// The whole order, which the release before has placed.
    Whole(Box<Order>),
    /// The head. What was placed is in another row.
    Split(Box<OrderHead>),
}

impl TryFrom<Value> for StoredOrder {
    type Error = serde_json::Error;

    fn try_from(row: Value) -> Result<Self, Self::Error> {
        match row.get("items") {
            Some(_) => serde_json::from_value(row).map(Self::Whole),
            None => serde_json::from_value(row).map(Self::Split),
        }
    }
}

impl StoredOrder {
    pub(crate) fn head(&self) -> Cow<'_, OrderHead> {
        match self {
            Self::Whole(order) => Cow::Owned(OrderHead::of(order)),
            Self::Split(head) => Cow::Borrowed(head),
        }
    }

    /// The whole order; none if the row of what was placed is missing.
    pub(crate) fn join(self, placed: Option<PlacedRow>) -> Option<Order> {
        match self {
            Self::Whole(order) => Some(*order),
            Self::Split(head) => placed.map(|placed| head.join(placed)),
        }
    }

    /// The same if the order was read before.
    pub(crate) fn follow(self, before: &Order) -> Result<Order> {
        match self {
            Self::Whole(order) => Ok(*order),
            Self::Split(head) => head.follow(before),
        }
    }
}

/// The rows of one order, without its history.
#[derive(Debug, Default)]
pub(crate) struct OrderRows {
    pub(crate) order: Option<StoredOrder>,
    pub(crate) placed: Option<PlacedRow>,
    /// The personal data, which only some callers read.
    pub(crate) personal: Option<Value>,
}

impl OrderRows {
    /// Sorts rows by their sort keys.
    pub(crate) fn parse(rows: Vec<Value>) -> Result<Self> {
        let mut found = Self::default();
        for mut row in rows {
            match row["sk"].as_str() {
                Some(HEAD) => found.order = Some(serde_json::from_value(row).map_err(Error::internal)?),
                Some(PLACED) => {
                    found.personal = row.as_object_mut().and_then(|row| row.remove(PERSONAL));
                    found.placed = Some(serde_json::from_value(row).map_err(Error::internal)?);
                }
                Some(OLD_PERSONAL) => found.personal = Some(row),
                _ => {}
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
#[path = "order_rows_tests.rs"]
mod tests;
