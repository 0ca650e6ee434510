//! An order that is to be quoted or placed, and the result.

use identity::Address;
use payments::PaymentMethod;
use promotions::CouponCode;
use terms::{MarketKey, MethodKey};
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

/// An order to be quoted: all that decides about its price.
#[derive(Debug, Clone)]
pub struct QuoteRequest {
    pub source: OrderSource,
    /// None: that of the cart, or the default market for items.
    pub market: Option<MarketKey>,
    /// None: those of the cart.
    pub coupons: Option<Vec<CouponCode>>,
    /// An order needs one if the shop has methods for its address.
    pub shipping_method: Option<MethodKey>,
    /// None if the customer has not chosen one. An order needs one.
    pub destination: Option<Destination>,
    /// The email address of a guest. An order needs one.
    pub email: Option<Email>,
    /// The total that the customer was shown. No other total is charged. Of a quote, only its currency is checked.
    pub expected_total: Option<Money>,
}

/// An order to be placed.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub request: QuoteRequest,
    /// Needed unless the order costs nothing.
    pub method: Option<PaymentMethod>,
}

/// A placed order.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    pub details: OrderDetails,
    /// The token of a guest.
    pub order_token: Option<String>,
}
