//! Payments: money that is reserved, taken and given back at a provider, exactly once whatever crashes.
//!
//! Invariants:
//! - A payment row is opened in the transaction that places its order; `amount` never changes after that.
//! - Nothing that moves money is posted before the provider's object id is in our row. An intent is created
//!   unconfirmed (which moves nothing), its id recorded, and only then confirmed by that id: a retry asks the provider
//!   what became of it. An intent whose id was lost can never charge anybody.
//! - A move is a conditional write on the version it was decided from. Whoever loses decides again, by the new state.

mod capture;
mod open;
mod payment;
mod settle;
mod store;
mod stripe;

pub use open::NewPayment;
pub use payment::{Attempt, Failure, Method, NextAction, Outcome, Payment, Status};
pub use settle::Settled;
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
