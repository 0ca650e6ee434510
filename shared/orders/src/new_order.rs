//! An order that is to be placed, and the result.

use identity::Address;
use payments::PaymentMethod;
use values::{AddressId, Email, Money};

use crate::lines::OrderSource;
use crate::order::OrderDetails;

/// Where an order is sent.
#[derive(Debug, Clone)]
pub enum Destination {
    Address(Address),
    /// An entry of the caller's address book.
    Saved(AddressId),
}

/// An order to be placed.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub source: OrderSource,
    /// The email address of a guest.
    pub email: Option<Email>,
    pub destination: Destination,
    pub method: PaymentMethod,
    /// The total that the customer was shown. No other total is charged.
    pub expected_total: Option<Money>,
}

/// A placed order.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    pub details: OrderDetails,
    /// The token of a guest.
    pub order_token: Option<String>,
}
