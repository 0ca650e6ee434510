//! Orders: what a customer bought at which price, and how far the order has come.
//!
//! Invariants:
//! - One transaction places an order: it writes the order and its event, takes the stock, opens the payment and empties the cart.
//! - A transition is a conditional write on the version from which it was decided, together with an entry of the history. A
//!   caller that loses the race decides again. Folding the history of an order ([`fold`]) gives the order.
//! - The end of a hold never cancels an order whose payment is authorised: it confirms the order.
//! - The stock of an order is released in the transaction that cancels it, and nowhere else: exactly once.
//! - A payment event only says that its payment changed. The payment's row is applied, and only if the event's sequence is higher
//!   than the version that was applied last.

mod advance;
mod apply_payment_event;
mod cancel;
mod cancel_or_confirm;
mod checkout;
mod counter_store;
mod counters;
mod erase;
mod expire_hold;
mod export;
mod extend_hold;
mod find;
mod history;
mod limits;
mod lines;
mod list_store;
mod new_order;
mod next_step;
mod number;
mod order;
mod order_events;
mod pay;
mod place;
mod quote;
mod read;
mod read_label;
mod refusal;
mod request;
mod search;
mod service;
mod settle;
mod status;
mod store;
mod token;

pub use checkout::Checkout;
pub use counters::UnpaidCounters;
pub use expire_hold::Expiry;
pub use history::{HistoryEntry, fold};
pub use limits::OrderLimits;
pub use lines::OrderSource;
pub use new_order::{Destination, NewOrder, PlacedOrder};
pub use order::{Item, Order, OrderDetails, PersonalData};
pub use quote::{Quote, QuoteRequest};
pub use request::OrderRequest;
pub use search::Filter;
pub use service::OrderService;
pub use settle::SettleRules;
pub use status::{Fulfilment, PaymentStatus, Status};
pub use store::Orders;
