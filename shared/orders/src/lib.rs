//! Orders: what a customer bought at which price, and how far the order has come.
//!
//! Invariants:
//! - One transaction places an order: it writes the order, takes the stock, opens the payment and empties the cart. The new row of the
//!   order is the event `order.created`, which its stream brings to the worker of payments.
//! - What was placed is a row that never changes. A transition is a conditional write of the other row, on the version from which it was
//!   decided, with an entry of the history: in that row, or beside it. A caller that loses the race decides again. Folding the history of
//!   an order ([`fold`]) gives the order.
//! - An order that the release before has placed is one row, and stays so.
//! - An order and its payment change in one transaction, under the versions of both: it is confirmed exactly when its payment is
//!   authorised, and paid exactly when it is captured. Between the two it stays in the index of holds, where housekeeping finds it.
//! - The end of a hold cancels no order whose payment is authorised. It ends the payment, too: at the provider first, if no worker can
//!   authorise it any more, else afterwards.
//! - The stock of an order is released in the transaction that cancels it, and nowhere else: exactly once.
//! - Each movement of an order's stock is logged in one of two ways: by its name in the row of the offer (`named_movements.rs`), which the
//!   stream and the daily walk read, or by an event that has the pieces.
//! - A counter of unpaid orders counts an order only while the order names it: until it leaves the index of holds, in whose transaction
//!   the counters release it. A confirmed order that waits for its capture is released before that, by updates that may be repeated.
//! - A message only says which order to look at. The rows decide. An event of the release before, which wrote an order after its
//!   payment, is applied by the payment's row, and only if its sequence is higher than the version that was applied last.

mod advance;
mod answer;
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
mod named_movements;
mod new_order;
mod next_step;
mod number;
mod order;
mod order_events;
mod order_rows;
mod own_history;
mod pay;
mod place;
mod placed_event;
mod quote;
mod read;
mod read_history;
mod read_receipt;
mod refund;
mod refusal;
mod request;
mod reserve;
mod search;
mod service;
mod settle;
mod status;
mod store;
mod token;
mod walk_orders;
mod walk_progress;

pub use checkout::Checkout;
pub use counters::UnpaidCounters;
pub use expire_hold::Expiry;
pub use history::{HistoryEntry, fold};
pub use limits::OrderLimits;
pub use lines::OrderSource;
pub use new_order::{Destination, NewOrder, PlacedOrder};
pub use order::{Item, Order, OrderDetails, PersonalData};
pub use order_rows::OrderHead;
pub use placed_event::placed_event;
pub use quote::{Quote, QuoteRequest};
pub use read_receipt::Receipt;
pub use request::OrderRequest;
pub use search::Filter;
pub use service::OrderService;
pub use settle::SettleRules;
pub use status::{Fulfilment, PaymentStatus, Status};
pub use store::Orders;
pub use walk_orders::WalkReport;
