//! A strict fake of a tax provider that speaks souk's protocol (docs/tax-provider.md). It refuses what the protocol does not have, and it
//! answers the examples of that page as they stand there. Its rates are made up (`rates.rs`).
//!
//! The control plane:
//! - `POST|DELETE /_fake/tax/faults`: the faults (`faults.rs`);
//! - `GET /_fake/tax/records?order_id=`: the transactions and refunds, of one order or of all.

mod faults;
mod messages;
mod rates;
mod records;
mod refusal;
mod signature;

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use self::faults::{Fault, Faults, Kind};
use self::messages::{Calculation, Transaction};
use self::records::Records;
use self::refusal::Refusal;
use crate::lock;
use crate::serve::DroppedConnection;

#[derive(Debug, Default)]
struct Provider {
    records: Records,
    faults: Faults,
}

type Shared = Arc<Mutex<Provider>>;

/// The routes of a new provider without records.
pub fn router() -> Router {
    Router::new()
        .route("/tax/calculations", post(calculate))
        .route("/tax/transactions", post(commit))
        .route("/tax/transactions/{order}/refunds", post(refund))
        .route("/_fake/tax/faults", post(add_fault).delete(clear_faults))
        .route("/_fake/tax/records", get(records))
        .with_state(Shared::default())
}

async fn calculate(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    respond(&shared, &headers, &body, |_, id| rates::answer(&Calculation::parse(&body, id)?)).await
}

async fn commit(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    respond(&shared, &headers, &body, |provider, id| provider.records.commit(Transaction::of_order(&body, id)?)).await
}

async fn refund(State(shared): State<Shared>, Path(order): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let effect =
        |provider: &mut Provider, id: &str| provider.records.refund(Transaction::of_refund(&body, &order, id)?);
    respond(&shared, &headers, &body, effect).await
}

/// Verifies a message, applies a fault, and answers. `effect` gets the idempotency key.
async fn respond(
    shared: &Shared,
    headers: &HeaderMap,
    body: &Bytes,
    effect: impl FnOnce(&mut Provider, &str) -> Result<Value, Refusal>,
) -> Response {
    let (fault, answer) = {
        let mut provider = lock(shared);
        let id = match signature::verify(headers, body) {
            Ok(id) => id,
            Err(refusal) => return refusal.into_response(),
        };
        let fault = provider.faults.next_for(body);
        match fault.as_ref().map(Fault::kind) {
            Some(Kind::ServerError) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Some(Kind::Unavailable) => return DroppedConnection::response(),
            _ => {}
        }
        (fault, effect(&mut provider, &id))
    };
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(fault) = fault else { return Json(answer).into_response() };
    tokio::time::sleep(fault.delay()).await;
    match fault.kind() {
        Kind::LostAnswer => DroppedConnection::response(),
        Kind::NotJson => "<html>Welcome</html>".into_response(),
        kind => {
            kind.distort(&mut answer);
            Json(answer).into_response()
        }
    }
}

async fn add_fault(State(shared): State<Shared>, Json(fault): Json<Fault>) -> StatusCode {
    lock(&shared).faults.add(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    lock(&shared).faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderFilter {
    order_id: Option<String>,
}

async fn records(State(shared): State<Shared>, Query(filter): Query<OrderFilter>) -> Response {
    let orders = lock(&shared).records.read(filter.order_id.as_deref());
    Json(json!({ "orders": orders })).into_response()
}
