//! HTTP: health, readiness, the OpenAPI document, and its page. It also answers 404 for every path that no other
//! function serves.

use std::sync::Arc;

use aws_kit::Aws;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http_kit::Json;
use values::Result;

mod documents;
mod health;
#[cfg(feature = "openapi")]
mod openapi;
mod ready;

#[cfg(feature = "openapi")]
pub use openapi::openapi;
use ready::Dependencies;

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct State {
    dependencies: Arc<Dependencies>,
}

impl State {
    /// Builds the state from the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self { dependencies: Arc::new(Dependencies::from_env(aws)?) })
    }
}

/// The routes of the function.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/api/v1/health", get(health::health))
        .route("/ready", get(ready))
        .route("/api/v1/ready", get(ready))
        .route("/api/v1/openapi.json", get(documents::openapi))
        .route("/docs", get(documents::page))
        .with_state(state)
}

async fn ready(AxumState(state): AxumState<State>) -> Response {
    let report = state.dependencies.report().await;
    let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(&*report)).into_response()
}
