//! The service that quotes and places orders.

use cart::Carts;
use identity::AccountService;
use values::Currency;

use crate::limits::OrderLimits;
use crate::service::OrderService;

/// Quotes and places orders.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Moves the orders once they are placed.
    pub service: OrderService,
    pub carts: Carts,
    /// Reads address books, and stores how guests are reached.
    pub accounts: AccountService,
    /// The currency of the shop.
    pub currency: Currency,
    /// How long stock is held for an order that is not paid.
    pub hold_seconds: i64,
    /// How long stock is held at most after a decline.
    pub declined_hold_seconds: i64,
    /// What a buyer and a network may do before they pay.
    pub limits: OrderLimits,
}
