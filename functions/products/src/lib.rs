//! HTTP routes of products, stock, flash sales, reviews, images, categories, imports and exports. Each group of routes is a file.
//! The `search` function searches and lists products.

mod categories;
mod flash;
mod images;
mod jobs;
#[cfg(feature = "openapi")]
mod openapi;
mod products;
mod reviews;
mod state;
mod stock;

use axum::Router;

#[cfg(feature = "openapi")]
pub use openapi::openapi;
pub use state::State;

/// All routes of this function.
pub fn routes(state: State) -> Router {
    products::routes()
        .merge(categories::routes())
        .merge(stock::routes())
        .merge(flash::routes())
        .merge(reviews::routes())
        .merge(images::routes())
        .merge(jobs::routes())
        .with_state(state)
}
