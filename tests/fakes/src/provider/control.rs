//! The control plane, `/_fake`, in JSON:
//! - `GET /books?order_id=&parts=orders,intents,refunds,requests`: what happened, to one order or to all; all parts if
//!   none is named. `orders` alone is the short way to the sums of everything;
//! - `GET|POST|DELETE /faults`: what goes wrong (`faults.rs`);
//! - `DELETE /idempotency-keys?order_id=`: forgets answers;
//! - `ANY /intents/{id}/authenticate?outcome=fail`: the bank's page for the customer;
//! - `PUT|DELETE /webhooks`, `GET /webhooks?order_id=`: where events go, and which there were (`webhooks.rs`);
//! - `GET /webhooks/events/{id}`: an event as it is sent;
//! - `POST /webhooks/replay {event_id}`: sends it once more, now, and tells how it was answered;
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

use super::books::Part;
use super::faults::Fault;
use super::webhooks::Endpoint;
use super::wire::{self, LatestCharge};
use super::{Shared, json_response, news, own_address};
use crate::lock;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_fake/books", get(books))
        .route("/_fake/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_fake/idempotency-keys", axum::routing::delete(forget_keys))
        .route("/_fake/intents/{id}/authenticate", any(authenticate))
        .route("/_fake/webhooks", get(webhooks).put(listen).delete(turn_off))
        .route("/_fake/webhooks/events/{id}", get(event))
        .route("/_fake/webhooks/replay", post(replay))
        .route("/_fake/health", get(|| async { "ok" }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfOrder {
    order_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    order_id: Option<String>,
    parts: Option<String>,
}

async fn books(State(shared): State<Shared>, Query(wanted): Query<Wanted>) -> Response {
    let names = wanted.parts.as_deref().unwrap_or("orders,intents,refunds,requests");
    let parts: Result<Vec<Part>, Error> =
        names.split(',').map(|name| Part::deserialize(StrDeserializer::new(name))).collect();
    match parts {
        Ok(parts) => {
            // Written as text after the lock is given back: the books may be long, and payments go on.
            let books = lock(&shared).books.read(wanted.order_id.as_deref(), &parts);
            json_response(200, &books)
        }
        Err(error) => unusable("not a part of the books", &error),
    }
}

fn unusable(what: &str, error: &impl std::fmt::Display) -> Response {
    json_response(422, &json!({ "error": format!("{what}: {error}") }))
}

async fn faults(State(shared): State<Shared>) -> Response {
    json_response(200, &json!({ "faults": lock(&shared).faults.left() }))
}

async fn add_fault(State(shared): State<Shared>, body: Bytes) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => {
            let fault = lock(&shared).faults.add(fault);
            json_response(201, &json!(fault))
        }
        Err(error) => unusable("not a fault", &error),
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
async fn authenticate(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(how): Query<Outcome>,
    headers: HeaderMap,
) -> Response {
    let base = own_address(&headers);
    let mut world = lock(&shared);
    let super::World { books, ids, webhooks, .. } = &mut *world;
    let Some(intent) = books.intents.get_mut(&id) else {
        return json_response(404, &json!({ "error": format!("there is no intent {id}") }));
    };
    match intent.authenticated(how.outcome.as_deref() != Some("fail"), ids) {
        Ok(()) => {
            webhooks.publish(ids, news::moved(intent, &base));
            json_response(200, &wire::intent(intent, LatestCharge::Id, &base))
        }
        Err(refusal) => json_response(409, &json!({ "error": format!("{refusal:?}") })),
    }
}

async fn webhooks(State(shared): State<Shared>, Query(of): Query<OfOrder>) -> Response {
    let webhooks = lock(&shared).webhooks.clone();
    let seen = webhooks.read(of.order_id.as_deref());
    json_response(200, &seen)
}

async fn listen(State(shared): State<Shared>, body: Bytes) -> Response {
    let endpoint = match serde_json::from_slice::<Endpoint>(&body) {
        Ok(endpoint) => endpoint,
        Err(error) => return unusable("not an endpoint", &error),
    };
    if let Err(error) = endpoint.check() {
        return unusable("not an endpoint", &error);
    }
    let answer = json_response(200, &json!(endpoint));
    lock(&shared).webhooks.listen(endpoint);
    answer
}

async fn turn_off(State(shared): State<Shared>) -> StatusCode {
    lock(&shared).webhooks.turn_off();
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
        Err(error) => return unusable("name the event", &error),
    };
    let webhooks = lock(&shared).webhooks.clone();
    if webhooks.body(&id).is_none() {
        return json_response(404, &json!({ "error": format!("there is no event {id}") }));
    }
    match webhooks.replay(&id).await {
        Some(status) => json_response(200, &json!({ "event_id": id, "status": status })),
        None => json_response(409, &json!({ "error": "nobody listens" })),
    }
}
