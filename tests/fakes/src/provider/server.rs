//! Serves the API: authenticates, applies faults, honours idempotency keys and executes calls.

use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::api::{self, Call};
use super::faults::{Kind, Target};
use super::form::Form;
use super::http::{json_response, own_url};
use super::idempotency::KeyState;
use super::response::{ApiResponse, Retention, invalid_request, key_in_use, key_mismatch, server_error, unauthorised};
use super::state::{ProviderState, Shared};
use crate::lock;
use crate::serve::DroppedConnection;

/// Bodies are a few hundred bytes.
const BODY_LIMIT: usize = 1 << 20;

/// How a request is answered after its effect.
#[derive(Debug)]
struct Plan {
    response: ApiResponse,
    replayed: bool,
    delay: Duration,
    /// Is the connection closed without a response?
    is_lost: bool,
    /// The key that this request has claimed.
    key: Option<String>,
}

impl From<ApiResponse> for Plan {
    fn from(response: ApiResponse) -> Self {
        Self { response, replayed: false, delay: Duration::ZERO, is_lost: false, key: None }
    }
}

pub(crate) async fn handle(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // A separate task: the provider finishes its work even if the caller is killed meanwhile.
    let task = tokio::spawn(async move {
        let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
        respond(&shared, &parts, &body).await
    });
    task.await.unwrap_or_else(|_| DroppedConnection::response())
}

async fn respond(shared: &Shared, parts: &Parts, body: &Bytes) -> Response {
    let key = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let (request_number, plan) = {
        let mut state = lock(shared);
        let request_number = state.ledger.record_request(parts.method.as_str(), parts.uri.path(), key.as_deref());
        let plan = state.process(request_number, parts, body, key.as_deref()).unwrap_or_else(Plan::from);
        (request_number, plan)
    };
    tokio::time::sleep(plan.delay).await;
    let mut state = lock(shared);
    if let Some(key) = &plan.key {
        match plan.response.retention {
            Retention::Stored => state.keys.store(key, &plan.response),
            Retention::NotStored => state.keys.release(key),
        }
    }
    if plan.is_lost {
        return DroppedConnection::response();
    }
    let record = state.ledger.request_mut(request_number);
    (record.status, record.replayed) = (Some(plan.response.status), plan.replayed);
    to_response(&plan, key.as_deref(), request_number)
}

impl ProviderState {
    /// Handles a request under the lock: authentication, faults, the idempotency key and the effect. `Err` is a response to a
    /// request that had no effect.
    fn process(
        &mut self,
        request_number: usize,
        parts: &Parts,
        body: &Bytes,
        key: Option<&str>,
    ) -> Result<Plan, ApiResponse> {
        authenticate(&parts.headers)?;
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let call = Call::parse(method, path)?;
        let form = read_form(parts, body)?;
        let key = key.filter(|_| parts.method == Method::POST);
        if key.is_some_and(|key| key.is_empty() || key.len() > 255) {
            return Err(invalid_request(
                "idempotency_key_invalid",
                None,
                "An idempotency key has 1 to 255 characters.",
            ));
        }

        let intent = call.intent(&form, &self.ledger);
        let order_id = intent
            .and_then(|intent| intent.order_id().map(str::to_owned))
            .or_else(|| form.metadata().ok()?.remove("order_id"));
        let card = form.text("payment_method").ok().flatten();
        let card = card.or_else(|| Some(intent?.draft.card.as_ref()?.token.clone()));
        let intent_id = intent.map(|intent| intent.id.clone());
        let fault = self.faults.next_for(Target { method, path, order_id: order_id.as_deref(), card: card.as_deref() });
        self.ledger.assign(request_number, order_id.clone(), intent_id);
        self.ledger.request_mut(request_number).fault = fault.as_ref().map(|fault| fault.kind);
        match fault.as_ref().map(|fault| fault.kind) {
            Some(Kind::FailBefore) => return Err(server_error(Retention::NotStored)),
            Some(Kind::Unavailable) => return Ok(Plan { is_lost: true, ..server_error(Retention::NotStored).into() }),
            _ => {}
        }

        let key_state = key.map_or(KeyState::Unused, |key| self.keys.claim(key, path, &form, order_id.as_deref()));
        let mut plan = match key_state {
            KeyState::OtherRequest => return Err(key_mismatch()),
            KeyState::InProgress => return Err(key_in_use()),
            KeyState::Finished(response) => Plan { replayed: true, ..response.into() },
            KeyState::Unused => self.execute(request_number, &call, &form, &parts.headers, key),
        };
        if let Some(fault) = fault {
            plan.delay = plan.delay.max(fault.delay());
            match fault.kind {
                Kind::Delay | Kind::FailBefore | Kind::Unavailable => {}
                Kind::FailAfter => plan.response = server_error(plan.response.retention),
                Kind::TimeoutAfter | Kind::DropConnectionAfter => {
                    plan.is_lost = true;
                    // The provider has finished and only the response is lost, so a retry with the key may read the stored
                    // response.
                    if let Some(key) = plan.key.take_if(|_| plan.response.retention == Retention::Stored) {
                        self.keys.store(&key, &plan.response);
                    }
                }
            }
        }
        Ok(plan)
    }

    fn execute(
        &mut self,
        request_number: usize,
        call: &Call,
        form: &Form,
        headers: &HeaderMap,
        key: Option<&str>,
    ) -> Plan {
        let outcome = api::execute(&mut self.ledger, &mut self.ids, call, form, &own_url(headers));
        self.webhooks.publish(&mut self.ids, outcome.events);
        let created = outcome.response.body["id"].as_str().filter(|id| id.starts_with("pi_")).map(str::to_owned);
        let record = self.ledger.request_mut(request_number);
        record.intent_id = record.intent_id.take().or(created);
        record.fault = record.fault.or(outcome.card_fault);
        Plan { delay: outcome.delay, is_lost: outcome.is_lost, key: key.map(str::to_owned), ..outcome.response.into() }
    }
}

/// Requires a secret key, as a bearer token or as the user name of basic authentication.
fn authenticate(headers: &HeaderMap) -> Result<(), ApiResponse> {
    let header_value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(header_value) = header_value else { return Err(unauthorised("You did not provide an API key.")) };
    let key = match header_value.split_once(' ') {
        Some(("Bearer", key)) => Some(key.to_owned()),
        Some(("Basic", pair)) => {
            let pair = STANDARD.decode(pair).ok().and_then(|pair| String::from_utf8(pair).ok());
            pair.and_then(|pair| Some(pair.split_once(':')?.0.to_owned()))
        }
        _ => None,
    };
    match key {
        Some(key) if key.len() > 3 && key.starts_with("sk_") => Ok(()),
        _ => Err(unauthorised("Invalid API Key provided.")),
    }
}

fn read_form(parts: &Parts, body: &Bytes) -> Result<Form, ApiResponse> {
    if parts.method == Method::GET {
        return Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
    }
    let media = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !body.is_empty() && !media.starts_with("application/x-www-form-urlencoded") {
        return Err(invalid_request("parameter_invalid", None, format!("Send a form, not {media:?}.")));
    }
    if parts.uri.query().is_some() {
        return Err(invalid_request("parameter_invalid", None, "Send the parameters of a POST in its body."));
    }
    Form::parse(body)
}

fn to_response(plan: &Plan, key: Option<&str>, request_number: usize) -> Response {
    let mut response = json_response(plan.response.status, &plan.response.body);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&format!("req_fake{request_number:08}")) {
        headers.insert("request-id", id);
    }
    if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
        headers.insert("idempotency-key", key);
    }
    if plan.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}
