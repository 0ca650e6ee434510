//! An order and its transitions. Each returns the next version of the order, or an error when the order does not allow it. Pure.

use std::collections::BTreeMap;

use events::Recipient;
use identity::Address;
use payments::{ORDER_TOKEN_SECONDS, Payment};
use serde::{Deserialize, Serialize};
use values::{Email, Error, Money, OrderId, PaymentId, ProductId, Quantity, Result, Sku, Timestamp};

use crate::counters::UnpaidCounters;
use crate::own_history::OwnHistory;
use crate::status::{Fulfilment, PaymentStatus, Status, illegal_transition};

/// A line of an order. It is a snapshot, and does not change with the product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrderItem"))]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub sku: Sku,
    /// The id of the product.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ProductId"))]
    pub product_id: ProductId,
    /// The name of the product when the order was placed.
    pub name: String,
    pub quantity: Quantity,
    pub unit_price: Money,
    pub discount: Money,
    pub tax: Money,
    /// The price of all pieces.
    pub line_total: Money,
}

/// The rows in which the pieces of a SKU were reserved, and how many in each: a bucket by its number, or none for the row of the offer.
pub(crate) type ReservedRows = Vec<(Option<u16>, u32)>;

/// An order without its personal data ([`PersonalData`]). `order_rows.rs` says how it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: OrderId,
    /// The number that people use, such as `7KQ4M-2XD9A`.
    pub number: String,
    /// The account, or the contact of the guest.
    pub buyer: Recipient,
    pub items: Vec<Item>,
    /// The sum of the lines.
    pub subtotal: Money,
    pub discount: Money,
    pub tax: Money,
    pub shipping: Money,
    /// The amount to be paid.
    pub total: Money,
    pub status: Status,
    pub payment_status: PaymentStatus,
    /// The version of the payment that the order shows. Older payment events are ignored.
    pub payment_sequence: u64,
    pub fulfilment_status: Fulfilment,
    pub payment_id: PaymentId,
    /// When the stock is released if the order is still pending.
    pub hold_expires_at: Timestamp,
    /// What counts it while it is unpaid. None once it has left the index of holds, and for an order that is not limited.
    #[serde(default, rename = "held", skip_serializing_if = "Option::is_none")]
    pub counters: Option<UnpaidCounters>,
    /// Does a worker still have to capture its payment, which is authorised? Then the order is in the index of holds, where housekeeping
    /// finds it. No history has this.
    #[serde(default, rename = "captureDue", skip_serializing_if = "std::ops::Not::not")]
    pub is_capture_due: bool,
    /// Whether its sale is named in the rows of the offers (`named_movements.rs`). False for an order of the release before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub names_moves: bool,
    /// In which rows a SKU was reserved. Without an entry it was in the row of its offer. No history has this.
    #[serde(skip)]
    pub(crate) reserved: BTreeMap<Sku, ReservedRows>,
    /// The part of its history that its rows have. None for an order of the release before, which is one row, and whose history has rows
    /// of its own.
    #[serde(skip)]
    pub(crate) own_history: Option<OwnHistory>,
    /// Counts the changes, from 1.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The personal data of an order: one attribute of the row of what was placed, which can be erased without changing the books.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonalData {
    /// The email address of a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// A snapshot, which does not change with the address book.
    pub shipping_address: Address,
    /// The digest of a guest's order token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_digest: Option<String>,
}

/// An order with its personal data.
#[derive(Debug, Clone)]
pub struct OrderDetails {
    pub order: Order,
    /// None when it was erased.
    pub personal: Option<PersonalData>,
}

impl Order {
    /// The same order with the next version.
    pub fn next_version(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// Changes the status; 409 `illegal_transition` when the table of transitions does not allow it.
    pub fn transition(&self, next: Status, now: Timestamp) -> Result<Self> {
        self.status.check_may_become(next)?;
        let is_capture_due = self.is_capture_due && next != Status::Cancelled;
        Ok(Self { status: next, is_capture_due, ..self.next_version(now) })
    }

    /// The order after its payment has reached that status at that version. Older payment events are ignored from then on.
    pub(crate) fn follow(&self, payment_status: PaymentStatus, sequence: u64, now: Timestamp) -> Result<Self> {
        // An authorisation that arrives after the order was cancelled confirms nothing. The cancellation also ended the payment, and
        // what follows of that has a higher sequence. A payment that was captured at once may be reported by its capture first.
        let is_funded = matches!(payment_status, PaymentStatus::Authorized | PaymentStatus::Paid);
        let next = match is_funded && self.status == Status::Pending {
            true => self.transition(Status::Confirmed, now)?,
            false => self.next_version(now),
        };
        let is_capture_due = next.is_capture_due && payment_status == PaymentStatus::Authorized;
        Ok(Self { payment_status, payment_sequence: sequence, is_capture_due, ..next })
    }

    /// Is the order in the index of holds? Pending orders are, and those that wait for their capture.
    pub(crate) fn is_in_holds(&self) -> bool {
        self.status == Status::Pending || self.is_capture_due
    }

    /// Changes the status by hand: packed, shipped or delivered. All other statuses have causes of their own.
    pub fn advance(&self, next: Status, now: Timestamp) -> Result<Self> {
        if !matches!(next, Status::Processing | Status::Shipped | Status::Delivered) {
            let detail =
                format!("The status {} is not set by hand; this order is {}.", next.name(), self.status.name());
            return Err(illegal_transition(detail));
        }
        let next = self.transition(next, now)?;
        // The bank may release the reservation after the order was confirmed, and the whole payment may have been
        // refunded.
        if next.status != Status::Delivered && self.payment_status.is_missing() {
            let detail = format!(
                "The payment is {}, so the order cannot be shipped. Cancel the order.",
                self.payment_status.name()
            );
            return Err(illegal_transition(detail));
        }
        match next.status {
            // Where the shop captures at shipment, the capture is due now.
            Status::Shipped => {
                let is_capture_due = next.payment_status == PaymentStatus::Authorized;
                Ok(Self { fulfilment_status: Fulfilment::Fulfilled, is_capture_due, ..next })
            }
            _ => Ok(next),
        }
    }

    /// Holds the stock at least until `until`.
    pub fn hold_until(&self, until: Timestamp, now: Timestamp) -> Self {
        Self { hold_expires_at: self.hold_expires_at.max(until), ..self.next_version(now) }
    }

    /// Has the bank declined its payment without the order knowing it yet? The event of the release before is late, and is ignored after
    /// the next change.
    pub(crate) fn misses_decline(&self, payment: &Payment) -> bool {
        let is_declined = self.status == Status::Pending && payment.was_declined_by_bank();
        is_declined && self.payment_sequence < payment.version
    }

    /// Was its payment captured? It may be refunded since.
    pub fn was_captured(&self) -> bool {
        matches!(self.payment_status, PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded)
    }

    /// Is it pending, and was its last payment declined?
    pub(crate) fn was_declined(&self) -> bool {
        self.status == Status::Pending && self.payment_status == PaymentStatus::Failed
    }

    /// Holds the stock for at most so many seconds after its last change.
    pub(crate) fn shorten_hold(self, seconds: i64) -> Self {
        Self { hold_expires_at: self.hold_expires_at.min(self.updated_at.plus_seconds(seconds)), ..self }
    }

    /// Can the customer try another payment? 409 `illegal_transition` or `hold_expired`.
    pub fn check_payable(&self, now: Timestamp) -> Result<()> {
        if self.status != Status::Pending {
            return Err(illegal_transition(format!(
                "The order is {}; only a pending order can be paid.",
                self.status.name()
            )));
        }
        if self.hold_expires_at <= now {
            return Err(Error::conflict(
                "hold_expired",
                "The stock is no longer held for this order. Place a new order.",
            ));
        }
        Ok(())
    }

    /// Whether a guest's token no longer opens the order: 180 days after the last change of an order that has ended. Links in mails
    /// and browsers outlive their use, and the order shows a postal address.
    pub fn has_token_ended(&self, now: Timestamp) -> bool {
        let has_ended = matches!(self.status, Status::Delivered | Status::Cancelled | Status::Returned);
        has_ended && self.updated_at.plus_seconds(ORDER_TOKEN_SECONDS) <= now
    }

    /// The order as its row has it. It names its counters as long as they may count it, which is while it is in the index of holds.
    pub(crate) fn without_released_counters(&self) -> Self {
        let counters = self.counters.clone().filter(|_| self.is_in_holds());
        Self { counters, ..self.clone() }
    }

    /// The pieces of each SKU.
    pub(crate) fn items_by_sku(&self) -> Vec<(&Sku, u32)> {
        self.items.iter().map(|item| (&item.sku, item.quantity.get())).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use payments::Balance;
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
            counters: None,
            is_capture_due: false,
            names_moves: false,
            reserved: BTreeMap::new(),
            own_history: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The payment of the order.
    pub(crate) fn payment(version: u64, status: payments::Status) -> Payment {
        let Order { id, number, buyer, payment_id, total, created_at, .. } = order();
        Payment {
            id: payment_id,
            order_id: id,
            order_number: number,
            payer: buyer,
            amount: total,
            balance: Balance::zero(total.currency),
            status,
            attempts: vec![],
            lines: vec![],
            token_digest: None,
            tells: None,
            captured_at: None,
            version,
            created_at,
            updated_at: created_at,
        }
    }

    pub(crate) fn confirmed_order() -> Order {
        let mut order = order().transition(Status::Confirmed, order().created_at).unwrap();
        order.payment_status = PaymentStatus::Authorized;
        order
    }

    #[test]
    fn shop_packs_ships_and_delivers_in_this_order() {
        let now = order().created_at;
        let packed = confirmed_order().advance(Status::Processing, now).unwrap();
        assert_eq!(confirmed_order().advance(Status::Shipped, now).unwrap_err().code, "illegal_transition");
        let sent = packed.advance(Status::Shipped, now).unwrap();
        assert_eq!(
            (packed.fulfilment_status, sent.fulfilment_status),
            (Fulfilment::Unfulfilled, Fulfilment::Fulfilled)
        );
        assert_eq!(sent.advance(Status::Delivered, now).unwrap().version, 5);
    }

    #[test]
    fn token_ends_180_days_after_the_order() {
        let now = order().updated_at;
        let later = |days: i64| now.plus_seconds(days * 24 * 3600);
        for (status, expected) in [
            (Status::Pending, false),
            (Status::Shipped, false),
            (Status::Delivered, true),
            (Status::Cancelled, true),
            (Status::Returned, true),
        ] {
            let order = Order { status, ..order() };
            assert_eq!(
                (order.has_token_ended(later(179)), order.has_token_ended(later(180))),
                (false, expected),
                "{status:?}"
            );
        }
    }

    #[test]
    fn order_that_waits_for_its_capture_stays_in_the_index_of_holds() {
        let now = order().created_at;
        let counters = UnpaidCounters::try_from("0".repeat(32)).ok();
        let authorised = Order { is_capture_due: true, counters, ..confirmed_order() };
        let packed = authorised.advance(Status::Processing, now).unwrap();
        assert!(order().is_in_holds() && authorised.is_in_holds() && packed.is_in_holds());
        assert_eq!(packed.without_released_counters(), packed);
        for ended in [
            packed.follow(PaymentStatus::Paid, 4, now).unwrap(),
            authorised.follow(PaymentStatus::Voided, 4, now).unwrap(),
            authorised.transition(Status::Cancelled, now).unwrap(),
            Order { is_capture_due: false, ..authorised },
        ] {
            assert!(!ended.is_in_holds(), "{ended:?}");
            assert_eq!(ended.without_released_counters(), Order { counters: None, ..ended.clone() });
            assert!(serde_json::to_value(&ended).unwrap().get("captureDue").is_none());
        }
    }

    #[test]
    fn shipped_order_waits_for_its_capture_in_the_index_of_holds() {
        let now = order().created_at;
        let packed = confirmed_order().advance(Status::Processing, now).unwrap();
        let sent = packed.advance(Status::Shipped, now).unwrap();
        assert!(!packed.is_in_holds() && sent.is_in_holds());
        assert!(sent.advance(Status::Delivered, now).unwrap().is_in_holds());
        assert!(!sent.follow(PaymentStatus::Paid, 4, now).unwrap().is_in_holds());
        let paid = packed.follow(PaymentStatus::Paid, 4, now).unwrap();
        assert!(!paid.advance(Status::Shipped, now).unwrap().is_in_holds());
    }

    #[test]
    fn other_statuses_are_not_set_by_hand() {
        for (order, next) in
            [(order(), Status::Confirmed), (order(), Status::Pending), (confirmed_order(), Status::Returned)]
        {
            assert_eq!(order.advance(next, order.created_at).unwrap_err().code, "illegal_transition");
        }
    }

    #[test]
    fn order_with_a_voided_or_refunded_payment_is_not_shipped() {
        for missing in [PaymentStatus::Voided, PaymentStatus::Refunded] {
            let order = Order { payment_status: missing, ..confirmed_order() };
            assert_eq!(order.advance(Status::Processing, order.created_at).unwrap_err().code, "illegal_transition");
            let packed = Order { status: Status::Processing, ..order };
            assert_eq!(packed.advance(Status::Shipped, packed.created_at).unwrap_err().code, "illegal_transition");
        }
        let partly = Order { payment_status: PaymentStatus::PartiallyRefunded, ..confirmed_order() };
        assert!(partly.advance(Status::Processing, partly.created_at).is_ok());
    }
}
