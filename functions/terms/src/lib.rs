//! HTTP routes of the terms of a sale: markets, taxes, registrations for taxes, and shipping zones with their methods. Each group of routes
//! is a file. Everyone reads the markets that sell; the rest is for admins.

mod markets;
#[cfg(feature = "openapi")]
mod openapi;
mod put;
mod registrations;
mod shipping;
mod state;
mod tax_rates;

use axum::Router;

#[cfg(feature = "openapi")]
pub use openapi::openapi;
pub use state::State;

/// All routes of this function.
pub fn routes(state: State) -> Router {
    markets::routes()
        .merge(tax_rates::routes())
        .merge(registrations::routes())
        .merge(shipping::routes())
        .with_state(state)
}
