//! The control plane under `/_fake`, in JSON:
//! - `GET /books?order_id=&parts=orders,intents,refunds,requests`: the ledger, of one order or of all. Without `parts` it has all
//!   parts; `orders` alone has only the totals;
//! - `GET|POST|DELETE /faults`: the faults (`faults.rs`);
//! - `DELETE /idempotency-keys?order_id=`: deletes stored responses;
//! - `ANY /intents/{id}/authenticate?outcome=fail`: the bank's page for the customer;
//! - `PUT|DELETE /webhooks`: the endpoint; `GET /webhooks?order_id=`: the endpoint and the events (`webhooks.rs`);
//! - `GET /webhooks/events/{id}`: the body of an event;
//! - `POST /webhooks/replay {event_id}`: delivers an event once more and returns the endpoint's status;
//! - `GET /health`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{any, get, post};
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde_json::{Value, json};

use super::faults::Fault;
use super::http::{json_response, own_url};
use super::ledger::LedgerPart;
use super::state::{ProviderState, Shared};
use super::webhook_events;
use super::webhooks::Endpoint;
use super::wire::{self, Expansion};
use crate::lock;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_fake/books", get(ledger))
        .route("/_fake/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_fake/idempotency-keys", axum::routing::delete(expire_keys))
        .route("/_fake/intents/{id}/authenticate", any(authenticate))
        .route("/_fake/webhooks", get(webhooks).put(put_endpoint).delete(delete_endpoint))
        .route("/_fake/webhooks/events/{id}", get(event))
        .route("/_fake/webhooks/replay", post(replay))
        .route("/_fake/health", get(|| async { "ok" }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderFilter {
    order_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerQuery {
    order_id: Option<String>,
    parts: Option<String>,
}

async fn ledger(State(shared): State<Shared>, Query(query): Query<LedgerQuery>) -> Response {
    let names = query.parts.as_deref().unwrap_or("orders,intents,refunds,requests");
    let parts: Result<Vec<LedgerPart>, Error> =
        names.split(',').map(|name| LedgerPart::deserialize(StrDeserializer::new(name))).collect();
    match parts {
        Ok(parts) => {
            // The lock is released before the ledger is serialised, because the ledger may be long and other requests go on.
            let ledger = lock(&shared).ledger.read(query.order_id.as_deref(), &parts);
            json_response(200, &ledger)
        }
        Err(error) => unprocessable("invalid part of the ledger", &error),
    }
}

fn unprocessable(what: &str, error: &impl std::fmt::Display) -> Response {
    json_response(422, &json!({ "error": format!("{what}: {error}") }))
}

async fn faults(State(shared): State<Shared>) -> Response {
    json_response(200, &json!({ "faults": lock(&shared).faults.active() }))
}

async fn add_fault(State(shared): State<Shared>, body: Bytes) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            let fault = lock(&shared).faults.add(fault);
            json_response(201, &json!(fault))
        }
        Err(error) => unprocessable("invalid fault", &error),
    }
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    lock(&shared).faults.clear();
    StatusCode::NO_CONTENT
}

async fn expire_keys(State(shared): State<Shared>, Query(filter): Query<OrderFilter>) -> StatusCode {
    lock(&shared).keys.expire(filter.order_id.as_deref());
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthenticationQuery {
    outcome: Option<String>,
}

/// The customer authenticates at the bank. Any method, so that a browser can open the link. `?outcome=fail` fails.
async fn authenticate(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<AuthenticationQuery>,
    headers: HeaderMap,
) -> Response {
    let base = own_url(&headers);
    let mut state = lock(&shared);
    let ProviderState { ledger, ids, webhooks, .. } = &mut *state;
    let Some(intent) = ledger.intents.get_mut(&id) else {
        return json_response(404, &json!({ "error": format!("there is no intent {id}") }));
    };
    match intent.authenticated(query.outcome.as_deref() != Some("fail"), ids) {
        Ok(()) => {
            webhooks.publish(ids, webhook_events::status_changed(intent, &base));
            json_response(200, &wire::intent(intent, Expansion::default(), &base))
        }
        Err(refusal) => json_response(409, &json!({ "error": format!("{refusal:?}") })),
    }
}

async fn webhooks(State(shared): State<Shared>, Query(filter): Query<OrderFilter>) -> Response {
    let webhooks = lock(&shared).webhooks.clone();
    let report = webhooks.read(filter.order_id.as_deref());
    json_response(200, &report)
}

async fn put_endpoint(State(shared): State<Shared>, body: Bytes) -> Response {
    let endpoint = match serde_json::from_slice::<Endpoint>(&body) {
        Ok(endpoint) => endpoint,
        Err(error) => return unprocessable("invalid endpoint", &error),
    };
    if let Err(error) = endpoint.check() {
        return unprocessable("invalid endpoint", &error);
    }
    let response = json_response(200, &json!(endpoint));
    lock(&shared).webhooks.set_endpoint(endpoint);
    response
}

async fn delete_endpoint(State(shared): State<Shared>) -> StatusCode {
    lock(&shared).webhooks.remove_endpoint();
    StatusCode::NO_CONTENT
}

async fn event(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let body = lock(&shared).webhooks.body(&id);
    match body.and_then(|body| serde_json::from_str::<Value>(&body).ok()) {
        Some(event) => json_response(200, &event),
        None => json_response(404, &json!({ "error": format!("there is no event {id}") })),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    event_id: String,
}

async fn replay(State(shared): State<Shared>, body: Bytes) -> Response {
    let id = match serde_json::from_slice::<Replay>(&body) {
        Ok(replay) => replay.event_id,
        Err(error) => return unprocessable("invalid event_id", &error),
    };
    let webhooks = lock(&shared).webhooks.clone();
    if webhooks.body(&id).is_none() {
        return json_response(404, &json!({ "error": format!("there is no event {id}") }));
    }
    match webhooks.replay(&id).await {
        Some(status) => json_response(200, &json!({ "event_id": id, "status": status })),
        None => json_response(409, &json!({ "error": "there is no endpoint" })),
    }
}
