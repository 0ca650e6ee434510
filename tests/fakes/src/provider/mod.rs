//! A strict fake of Stripe's PaymentIntents: it reads forms, writes JSON and Stripe's error envelope, and honours idempotency keys.
//! Where Stripe is lenient, the fake refuses. It signs webhooks as Stripe does (`webhooks.rs`), some card tokens bring faults with
//! them (`card.rs`), and `control.rs` is the control plane, which Stripe does not have.

mod api;
mod card;
mod control;
mod delivery;
mod faults;
mod form;
mod http;
mod idempotency;
mod ids;
mod intent;
mod ledger;
mod outcome;
mod refunds;
mod response;
mod server;
mod state;
mod webhook_events;
mod webhook_sender;
mod webhooks;
mod wire;

use axum::Router;
use axum::routing::any;

/// The routes of a new, empty provider.
pub fn router() -> Router {
    control::routes().route("/{*path}", any(server::handle)).with_state(state::new())
}
