//! A fake issuer of access tokens: it serves the key set (RFC 7517) that a test has published.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde_json::Value;

use crate::lock;

type Keys = Arc<Mutex<Option<Value>>>;

/// The routes of a new issuer without keys.
pub fn router() -> Router {
    Router::new()
        .route("/issuer/jwks.json", get(show))
        .route("/_fake/issuer/jwks", put(publish))
        .with_state(Keys::default())
}

/// 404 until a key set is published.
async fn show(State(keys): State<Keys>) -> Response {
    match lock(&keys).as_ref() {
        Some(keys) => ([(header::CACHE_CONTROL, "max-age=300")], Json(keys.clone())).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn publish(State(keys): State<Keys>, Json(set): Json<Value>) -> StatusCode {
    *lock(&keys) = Some(set);
    StatusCode::NO_CONTENT
}
