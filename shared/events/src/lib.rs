//! What happened, told to whoever listens: the envelope, every event type, and who listens to what.
//! Events carry ids, never emails or addresses. Queues reorder: a consumer decides by `subject`, `sequence` and its own state.

mod envelope;
mod listeners;
mod types;

pub use envelope::Envelope;
pub use listeners::{Delivery, Listener};
pub use types::{
    CancelReason, Event, Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderMoved, PaymentDone, PaymentFailed,
    PaymentMismatched, PaymentNeedsAction, PaymentRefunded, PaymentRequested, ProductChanged, Recipient,
    RefundRequested, StockChanged, UserRegistered,
};
