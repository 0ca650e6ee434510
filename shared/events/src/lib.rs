//! What happened, told to whoever listens: the envelope, every event type, and who listens to what.
//! Events carry ids, never emails or addresses. Queues reorder: a consumer decides by `subject`, `sequence` and its own state.

mod audience;
mod catalog;
mod envelope;
mod listeners;
mod orders;
mod payments;
mod types;

pub use audience::CUSTOMER_EVENTS;
pub use catalog::{JobAdvanced, ProductChanged, ReviewChanged, StockChanged, StockLow};
pub use envelope::Envelope;
pub use listeners::{Delivery, Listener};
pub use orders::{
    CancelReason, Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderMoved, Pieces, Recipient,
};
pub use payments::{
    PaymentDone, PaymentFailed, PaymentMismatched, PaymentNeedsAction, PaymentRefunded, PaymentRequested,
    RefundRequested,
};
pub use types::{Event, RefreshReused, TokenRequested, UserDeleted, UserExportRequested, UserRegistered};
