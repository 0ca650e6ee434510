//! Events: the envelope, every event type with its data, and the table of listeners.
//! An event carries ids, never an email address or a postal address.
//! Queues reorder messages: a consumer decides by `subject`, `sequence` and its own rows.

mod catalog;
mod context;
mod customer_events;
mod envelope;
mod listeners;
mod orders;
mod payments;
mod types;

pub use catalog::{JobDue, ProductChanged, ReviewChanged, StockChanged, StockLow};
pub use context::Context;
pub use customer_events::CUSTOMER_EVENTS;
pub use envelope::Envelope;
pub use listeners::{Delivery, Listener};
pub use orders::{
    CancelReason, Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderItem, OrderStatusChanged,
    Recipient,
};
pub use payments::{
    PaymentChanged, PaymentFailed, PaymentMismatched, PaymentNeedsAction, PaymentRefunded, PaymentRequested,
    RefundRequested,
};
pub use types::{
    Event, RefreshReused, SecurityChange, SecurityChanged, TokenRequested, UserDeleted, UserExportRequested,
    UserRegistered,
};
