//! Payments: money that is reserved, taken and given back at a provider, exactly once whatever crashes.
//!
//! Invariants:
//! - A payment row is opened in the transaction that places its order; `amount` never changes after that.
//! - No charge is posted before the provider's object id is in our row. An intent is created
//!   unconfirmed (which moves nothing), its id recorded, and only then confirmed by that id: a retry asks the provider
//!   what became of it. An intent whose id was lost can never charge anybody. A refund has its attempt in our row before it
//!   is posted, and is found again by our id.
//! - A move is a conditional write on the version it was decided from. Whoever loses decides again, by the new state.
//! - `captured = refunded + refunding + refundable`, and none is ever below 0: a refund takes its part off `refundable` by a
//!   condition before the provider hears of it.
//! - A webhook is a hint. The provider is asked, and the state decides.

mod ask;
mod capture;
mod forget;
mod give_back;
mod hear;
mod held_of;
mod method;
mod open;
mod payment;
mod refund;
mod settle;
mod store;
mod stripe;
mod void;
mod webhook;

pub use ask::Part;
pub use method::Method;
pub use open::NewPayment;
pub use payment::{Attempt, Failure, NextAction, Outcome, Payment, Status};
pub use refund::{Refund, RefundStatus};
pub use store::Payments;
pub use stripe::Stripe;

/// Takes and gives money: the store and the provider together. What the workers use.
#[derive(Debug)]
pub struct Till {
    /// The rows.
    pub payments: Payments,
    /// The provider.
    pub provider: Stripe,
}
