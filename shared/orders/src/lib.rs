//! Orders: what was promised to whom at which price, and how far it has come.
//!
//! Invariants:
//! - An order, the stock it holds, its payment, the end of its cart and the event that tells of it are one transaction.
//! - A move is a conditional write on the version it was decided from, together with its line of history; whoever loses
//!   decides again. Folding an order's history ([`fold`]) gives the order.
//! - The end of a hold cancels no order whose money is reserved: it confirms it.
//! - An order's stock is given back in the transaction that cancels it, and nowhere else: exactly once.
//! - A payment event counts only if its sequence is higher than that of the last one that counted.

mod advance;
mod asked;
mod basket;
mod cancel;
mod end;
mod expire;
mod find;
mod follow;
mod forget;
mod held_of;
mod history;
mod number;
mod order;
mod pay;
mod place;
mod quote;
mod read;
mod refusal;
mod search;
mod status;
mod store;
mod token;

pub use asked::Asked;
pub use basket::Source;
pub use expire::Expiry;
pub use history::{HistoryEntry, fold};
pub use order::{Item, Order, Private};
pub use place::{Destination, NewOrder, Placed};
pub use quote::{Inquiry, Quote};
pub use read::Full;
pub use search::Filter;
pub use status::{Fulfilment, PaymentStatus, Status};
pub use store::Orders;

use aws_kit::Aws;
use cart::Carts;
use catalog::Catalog;
use identity::AccountService;
use payments::Payments;
use values::{Clock, Currency, Result};

/// Moves orders that exist: orders with the stock and the payments they are bound to.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The orders.
    pub orders: Orders,
    /// Whose stock is given back.
    pub catalog: Catalog,
    /// What pays for them.
    pub payments: Payments,
}

impl Desk {
    /// On the tables that the environment names.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self {
            orders: Orders::from_env(aws, clock.clone())?,
            catalog: Catalog::from_env(aws)?,
            payments: Payments::from_env(aws, clock)?,
        })
    }
}

/// Prices and places orders.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Moves them from then on.
    pub desk: Desk,
    /// What is bought.
    pub carts: Carts,
    /// Addresses, and how guests are reached.
    pub accounts: AccountService,
    /// The shop's.
    pub currency: Currency,
    /// How long stock is held for an unpaid order.
    pub hold_seconds: i64,
}
