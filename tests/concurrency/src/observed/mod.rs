//! What is observed once all work has ended: the rows of all tables, the provider's ledger, the mail and the dead-letter queues.
//! Only what belongs to this run is included. The checks decide from it and from the history alone.

mod layout;
mod read;
mod rows;
mod state;

pub use read::{RawState, read};
pub use rows::{
    Attempt, Bucket, CartLine, Charge, Counter, Flash, Intent, IntentEvent, Item, Mail, Money, Movement, Notification,
    Offer, Order, OrderPaymentStatus, OrderStatus, Payment, PaymentStatus, ProviderRefund, ProviderRequest, Refund,
    RefundStatus, Step,
};
pub use state::ObservedState;
