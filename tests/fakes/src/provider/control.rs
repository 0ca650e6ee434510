//! The control plane, `/_fake`: the books to read, faults to order, keys to forget, and the bank's page for the customer.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get};
use serde::Deserialize;
use serde_json::json;

use super::faults::Fault;
use super::wire::{self, LatestCharge};
use super::{Shared, json_response};
use crate::lock;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_fake/books", get(books))
        .route("/_fake/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_fake/idempotency-keys", axum::routing::delete(forget_keys))
        .route("/_fake/intents/{id}/authenticate", any(authenticate))
        .route("/_fake/health", get(|| async { "ok" }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfOrder {
    order_id: Option<String>,
}

async fn books(State(shared): State<Shared>, Query(of): Query<OfOrder>) -> Response {
    json_response(200, &lock(&shared).books.read(of.order_id.as_deref()))
}

async fn faults(State(shared): State<Shared>) -> Response {
    json_response(200, &json!({ "faults": lock(&shared).faults.all() }))
}

async fn add_fault(State(shared): State<Shared>, body: Bytes) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            lock(&shared).faults.add(fault.clone());
            json_response(201, &json!(fault))
        }
        Err(error) => json_response(422, &json!({ "error": format!("not a fault: {error}") })),
    }
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    lock(&shared).faults.clear();
    StatusCode::NO_CONTENT
}

async fn forget_keys(State(shared): State<Shared>, Query(of): Query<OfOrder>) -> StatusCode {
    lock(&shared).keys.forget(of.order_id.as_deref());
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    outcome: Option<String>,
}

/// The customer authenticates at the bank: any method, so that a browser can follow `next_action`. `?outcome=fail` refuses.
async fn authenticate(State(shared): State<Shared>, Path(id): Path<String>, Query(how): Query<Outcome>) -> Response {
    let mut world = lock(&shared);
    let super::World { books, ids, .. } = &mut *world;
    let Some(intent) = books.intents.get_mut(&id) else {
        return json_response(404, &json!({ "error": format!("there is no intent {id}") }));
    };
    match intent.authenticated(how.outcome.as_deref() != Some("fail"), ids) {
        Ok(()) => json_response(200, &wire::intent(intent, LatestCharge::Id, "")),
        Err(refusal) => json_response(409, &json!({ "error": format!("{refusal:?}") })),
    }
}
