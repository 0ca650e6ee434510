//! HTTP routes of promotions and their codes, for admins. Each group of routes is a file. The promotions worker runs the imports of codes.

mod codes;
mod imports;
#[cfg(feature = "openapi")]
mod openapi;
mod preview;
mod preview_out;
mod promotions;
mod scopes;
mod state;

use axum::Router;

#[cfg(feature = "openapi")]
pub use openapi::openapi;
pub use state::State;

/// All routes of this function.
pub fn routes(state: State) -> Router {
    promotions::routes().merge(preview::routes()).merge(codes::routes()).merge(imports::routes()).with_state(state)
}
