//! A proxy in front of DynamoDB. It forwards requests unchanged, counts them, and on request fails in ways that an emulator never
//! does. It does not sign requests again, so it works only with an emulator, which ignores signatures.
//!
//! The control plane, in JSON: `GET|POST|DELETE /_fake/meter` (`{"on": true}` requests the consumed capacity of each call),
//! `GET|POST|DELETE /_fake/faults` (`faults.rs`), `GET /_fake/calls` (`calls.rs`) and `GET /_fake/health`.

mod calls;
mod expression;
mod faults;
mod meter;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::lock;
use crate::serve::DroppedConnection;
use calls::Calls;
use faults::{Fault, Faults, Kind};
use meter::Meter;

/// DynamoDB accepts at most 16 MB (a batch).
const BODY_LIMIT: usize = 17 << 20;

/// Headers of a connection, not of a message (RFC 9110, section 7.6.1), and the headers that the HTTP client writes itself.
const NOT_FORWARDED: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TE, header::CONTENT_LENGTH];

#[derive(Debug)]
struct Proxy {
    upstream: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
    meter: Mutex<Meter>,
    faults: Mutex<Faults>,
    calls: Mutex<Calls>,
}

/// The routes of a proxy in front of `upstream` (`http://127.0.0.1:4566`).
///
/// # Errors
/// If `upstream` is not an http URL.
pub fn router(upstream: &str) -> anyhow::Result<Router> {
    let uri: Uri = upstream.parse().with_context(|| format!("{upstream} is not a URL"))?;
    ensure!(
        uri.scheme() == Some(&Scheme::HTTP),
        "{upstream} is not an http URL; the proxy works only with an emulator"
    );
    let upstream = uri.authority().with_context(|| format!("{upstream} names no host"))?.clone();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    // Shorter than the emulator's idle timeout. Otherwise a connection might be reused just when the emulator closes it.
    let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(2)).build(connector);
    let proxy = Proxy { upstream, client, meter: Mutex::default(), faults: Mutex::default(), calls: Mutex::default() };
    Ok(Router::new()
        .route("/_fake/meter", get(read_meter).post(switch_meter).delete(reset_meter))
        .route("/_fake/faults", get(read_faults).post(add_fault).delete(clear_faults))
        .route("/_fake/calls", get(read_calls))
        .route("/_fake/health", get(|| async { "ok" }))
        .fallback(forward)
        .with_state(Arc::new(proxy)))
}

async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    // A separate task: a forwarded request is finished and counted even if the caller is killed meanwhile.
    let work = tokio::spawn(async move {
        let (parts, body) = request.into_parts();
        match to_bytes(body, BODY_LIMIT).await {
            Ok(body) => proxy.handle(parts, body).await,
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
    });
    work.await.unwrap_or_else(|_| DroppedConnection::response())
}

impl Proxy {
    async fn handle(&self, parts: Parts, body: Bytes) -> Response {
        let caller = wire::caller(&parts.headers);
        let Some(operation) = wire::operation(&parts.headers).map(str::to_owned) else {
            return self.send(&parts, body).await.map_or_else(bad_gateway, |(response, _)| response);
        };
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        lock(&self.calls).record(&caller, &operation, &request);
        let injected = lock(&self.faults).next_for(&operation, &wire::tables(&request), &caller);
        let response = match injected.map(|fault| fault.kind) {
            Some(Kind::TransactionConflict) => Some(wire::transaction_conflict(&operation, &request)),
            Some(Kind::RateLimited) => Some(wire::throttled()),
            Some(Kind::InternalError) => Some(wire::internal_error()),
            Some(Kind::Unavailable) => Some(DroppedConnection::response()),
            Some(Kind::Delay | Kind::TimeoutAfterCommit) | None => None,
        };
        if let Some(response) = response {
            lock(&self.meter).count(&caller, &operation, true, true);
            return response;
        }
        tokio::time::sleep(injected.map_or(Duration::ZERO, |fault| fault.delay)).await;
        let is_measured = lock(&self.meter).measures_capacity && wire::is_metered(&operation);
        let body = if is_measured { request_capacity(&operation, request).unwrap_or(body) } else { body };
        match self.send(&parts, body).await {
            Ok((response, answer)) => {
                let refused = !response.status().is_success();
                let mut meter = lock(&self.meter);
                meter.count(&caller, &operation, refused, injected.is_some());
                if is_measured {
                    meter.consume(
                        &caller,
                        &operation,
                        wire::consumed(&operation, &serde_json::from_slice(&answer).unwrap_or_default()),
                    );
                }
                let is_lost = injected.is_some_and(|fault| fault.kind == Kind::TimeoutAfterCommit);
                if is_lost { DroppedConnection::response() } else { response }
            }
            Err(error) => {
                lock(&self.meter).count(&caller, &operation, true, false);
                bad_gateway(error)
            }
        }
    }

    /// Sends the request unchanged to the upstream.
    async fn send(&self, parts: &Parts, body: Bytes) -> anyhow::Result<(Response, Bytes)> {
        let mut uri = Uri::builder().scheme(Scheme::HTTP).authority(self.upstream.clone());
        uri = uri.path_and_query(parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        let mut request =
            hyper::Request::builder().method(parts.method.clone()).uri(uri.build()?).body(Full::new(body))?;
        *request.headers_mut() = forwarded(&parts.headers);
        let (answer, body) = self.client.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = answer.status;
        *response.headers_mut() = forwarded(&answer.headers);
        Ok((response, body))
    }
}

fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in &NOT_FORWARDED {
        headers.remove(name);
    }
    headers
}

/// The same request with `ReturnConsumedCapacity`, for writes by index. A value that the caller set itself stays.
fn request_capacity(operation: &str, mut request: Value) -> Option<Bytes> {
    let detail = if wire::writes(operation) { "INDEXES" } else { "TOTAL" };
    request.as_object_mut()?.entry("ReturnConsumedCapacity").or_insert_with(|| detail.into());
    Some(Bytes::from(request.to_string()))
}

fn bad_gateway(error: anyhow::Error) -> Response {
    eprintln!("fakes: DynamoDB did not answer: {error:#}");
    wire::internal_error()
}

async fn read_meter(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    Json(lock(&proxy.meter).read())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    on: bool,
}

async fn switch_meter(State(proxy): State<Arc<Proxy>>, Json(switch): Json<Switch>) -> StatusCode {
    lock(&proxy.meter).measures_capacity = switch.on;
    StatusCode::NO_CONTENT
}

async fn reset_meter(State(proxy): State<Arc<Proxy>>) -> StatusCode {
    lock(&proxy.meter).reset();
    StatusCode::NO_CONTENT
}

async fn read_calls(State(proxy): State<Arc<Proxy>>) -> Response {
    Json(lock(&proxy.calls).all()).into_response()
}

async fn read_faults(State(proxy): State<Arc<Proxy>>) -> Json<Value> {
    Json(json!({ "faults": lock(&proxy.faults).all() }))
}

async fn add_fault(State(proxy): State<Arc<Proxy>>, Json(fault): Json<Fault>) -> Response {
    match lock(&proxy.faults).add(fault) {
        Ok(fault) => (StatusCode::CREATED, Json(fault)).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": error }))).into_response(),
    }
}

async fn clear_faults(State(proxy): State<Arc<Proxy>>) -> StatusCode {
    lock(&proxy.faults).clear();
    StatusCode::NO_CONTENT
}
