//! A proxy in front of AWS or the payment provider. It records every call and asks DynamoDB for the consumed capacity.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, header};
use serde::Serialize;
use serde_json::Value;

use crate::capacity::{Units, consumed, is_metered};
use crate::emulator::{Http, http};
use crate::http_server::{HttpResponse, Server, http_response};
use crate::written_rows::{WrittenRow, written_rows};

/// The purpose of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Purpose {
    /// The work itself, which the budgets count.
    Work,
    /// Reads of keys, revocations and secrets, which a function caches.
    Cached,
    /// A lease of the rate limiter. It is not part of the budgets, because it depends on the earlier requests of the caller.
    RateLimit,
    /// A call to the payment provider, which is not AWS.
    Provider,
}

/// A call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    pub(crate) operation: String,
    /// Writes of a transaction, keys or messages of a batch; 1 of everything else.
    pub(crate) actions: usize,
    pub(crate) purpose: Purpose,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) status: u16,
    /// Messages that the call sent to queues. They are not part of the results.
    #[serde(skip)]
    pub(crate) messages: Vec<QueuedMessage>,
    /// The rows that it named to be written or checked. What they cost is in the results of the invocation.
    #[serde(skip)]
    pub(crate) rows: Vec<WrittenRow>,
    /// Microseconds since the start of the meter.
    pub(crate) start_us: u64,
    pub(crate) end_us: u64,
}

#[cfg(test)]
impl Call {
    /// A call for work that succeeded and cost nothing.
    pub(crate) fn free(operation: &str) -> Self {
        Self {
            operation: operation.to_owned(),
            actions: 1,
            purpose: Purpose::Work,
            read_units: 0.0,
            write_units: 0.0,
            status: 200,
            messages: Vec::new(),
            rows: Vec::new(),
            start_us: 0,
            end_us: 1,
        }
    }
}

/// A message sent to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueuedMessage {
    /// The URL of the queue.
    pub(crate) queue: String,
    pub(crate) body: String,
    pub(crate) delay_seconds: u64,
}

/// The number of round trips. Concurrent calls count as one.
pub(crate) fn trips(calls: &[Call]) -> usize {
    let mut work: Vec<&Call> = calls.iter().filter(|call| call.purpose == Purpose::Work).collect();
    work.sort_by_key(|call| call.start_us);
    let (mut trips, mut end) = (0, 0);
    for call in work {
        // A call that started while another one was running belongs to its round trip.
        if call.start_us >= end {
            trips += 1;
        }
        end = end.max(call.end_us);
    }
    trips
}

/// The id that the SDK gives to a call. All attempts of a call have the same one.
const INVOCATION_ID: &str = "amz-sdk-invocation-id";

#[derive(Debug)]
struct LoggedCall {
    /// None for the payment provider.
    id: Option<String>,
    call: Call,
}

type Log = Arc<Mutex<Vec<LoggedCall>>>;

/// The proxy.
#[derive(Debug)]
pub(crate) struct Meter {
    server: Server,
    log: Log,
}

/// The target of the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstream {
    Aws,
    Provider,
}

impl Meter {
    /// Starts a proxy in front of `url`.
    pub(crate) async fn start(url: &str, upstream: Upstream) -> Result<Self> {
        let log = Log::default();
        let forwarder =
            Forwarder { url: url.trim_end_matches('/').to_owned(), http: http(), upstream, started: Instant::now() };
        let (forwarder, calls) = (Arc::new(forwarder), log.clone());
        let server = Server::start(move |request| {
            let (forwarder, calls) = (forwarder.clone(), calls.clone());
            async move {
                let id = request.headers().get(INVOCATION_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
                match forwarder.forward(request).await {
                    Ok((response, call)) => {
                        record(&mut lock(&calls), LoggedCall { id, call });
                        response
                    }
                    Err(error) => http_response(502, "text/plain", format!("{error:#}")),
                }
            }
        });
        Ok(Self { server: server.await?, log })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the calls since the last time, in the order of their responses.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.log)).into_iter().map(|logged| logged.call).collect()
    }
}

fn lock(log: &Mutex<Vec<LoggedCall>>) -> MutexGuard<'_, Vec<LoggedCall>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a call. It replaces an earlier attempt of the same call: whether the SDK has to repeat one depends on the machine, and counts
/// must not.
fn record(log: &mut Vec<LoggedCall>, next: LoggedCall) {
    if next.id.is_some() {
        log.retain(|logged| logged.id != next.id);
    }
    log.push(next);
}

/// Forwards requests.
struct Forwarder {
    url: String,
    http: Http,
    upstream: Upstream,
    started: Instant,
}

impl Forwarder {
    async fn forward(&self, request: Request<Incoming>) -> Result<(HttpResponse, Call)> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let operation = operation(&head);
        let request_body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let purpose = purpose(self.upstream, &operation, &request_body);
        let body = if is_metered(&operation) { with_capacity_request(&request_body).unwrap_or(body) } else { body };
        let start_us = self.now_us();
        let (response, body) = self.send(&head, body).await?;
        let end_us = self.now_us();
        let response_body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Units { read: read_units, write: write_units } = consumed(&operation, &request_body, &response_body);
        let call = Call {
            actions: actions(&request_body),
            purpose,
            read_units,
            write_units,
            status: response.status().as_u16(),
            messages: messages(&operation, &request_body),
            rows: written_rows(&operation, &request_body),
            start_us,
            end_us,
            operation,
        };
        Ok((response, call))
    }

    async fn send(&self, head: &Parts, body: Bytes) -> Result<(HttpResponse, Bytes)> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder().method(head.method.clone()).uri(format!("{}{path}", self.url));
        let mut request = request.body(Full::new(body))?;
        *request.headers_mut() = forwarded(&head.headers);
        let (head, body) = self.http.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut response = HttpResponse::new(Full::new(body.clone()));
        *response.status_mut() = head.status;
        *response.headers_mut() = forwarded(&head.headers);
        Ok((response, body))
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Removes the headers of a single connection (RFC 9110, 7.6.1), and those that are written again.
fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::TE,
        header::CONTENT_LENGTH,
        header::HOST,
    ] {
        headers.remove(name);
    }
    headers
}

/// Returns `GetItem` for `X-Amz-Target: DynamoDB_20120810.GetItem`, and method and path for a REST call.
fn operation(head: &Parts) -> String {
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    match (target.and_then(|target| target.rsplit_once('.')), head.uri.path()) {
        (Some((_, operation)), _) => operation.to_owned(),
        (None, "/v2/email/outbound-emails") => "SendEmail".to_owned(),
        (None, path) => format!("{} {path}", head.method),
    }
}

fn purpose(upstream: Upstream, operation: &str, request_body: &Value) -> Purpose {
    if upstream == Upstream::Provider {
        return Purpose::Provider;
    }
    match (
        operation,
        request_body["Key"]["pk"]["S"].as_str(),
        request_body["ExpressionAttributeValues"][":pk"]["S"].as_str(),
    ) {
        ("Query", _, Some("KEYS")) | ("GetSecretValue", ..) => Purpose::Cached,
        ("Query", _, Some(partition)) if partition.starts_with("REVOKED") => Purpose::Cached,
        ("UpdateItem", Some(pk), _) if pk.starts_with("LIMIT#") => Purpose::RateLimit,
        _ => Purpose::Work,
    }
}

fn with_capacity_request(request_body: &Value) -> Option<Bytes> {
    let mut request_body = request_body.clone();
    request_body.as_object_mut()?.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
    Some(Bytes::from(request_body.to_string()))
}

/// Writes of a transaction, keys of a batch; 1 of everything else.
fn actions(request_body: &Value) -> usize {
    let transaction = request_body["TransactItems"].as_array().map(Vec::len);
    let entries = request_body["Entries"].as_array().map(Vec::len);
    let keys = |tables: &serde_json::Map<String, Value>| {
        tables.values().filter_map(|table| table["Keys"].as_array().or(table.as_array()).map(Vec::len)).sum()
    };
    transaction.or(entries).or_else(|| request_body["RequestItems"].as_object().map(keys)).unwrap_or(1)
}

/// Returns the messages of SendMessage or SendMessageBatch.
fn messages(operation: &str, request_body: &Value) -> Vec<QueuedMessage> {
    let queue = request_body["QueueUrl"].as_str().unwrap_or_default();
    let message = |message: &Value| QueuedMessage {
        queue: queue.to_owned(),
        body: message["MessageBody"].as_str().unwrap_or_default().to_owned(),
        delay_seconds: message["DelaySeconds"].as_u64().unwrap_or_default(),
    };
    match operation {
        "SendMessage" => vec![message(request_body)],
        "SendMessageBatch" => request_body["Entries"].as_array().into_iter().flatten().map(message).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leases_and_reads_of_keys_revocations_and_secrets_are_not_work() {
        let get = |pk: &str| json!({ "TableName": "t", "Key": { "pk": { "S": pk }, "sk": { "S": "x" } } });
        let query = |pk: &str| json!({ "ExpressionAttributeValues": { ":pk": { "S": pk } } });
        assert_eq!(purpose(Upstream::Aws, "Query", &query("KEYS")), Purpose::Cached);
        assert_eq!(purpose(Upstream::Aws, "GetItem", &get("ORDER#1")), Purpose::Work);
        assert_eq!(purpose(Upstream::Aws, "PutItem", &get("KEYS")), Purpose::Work);
        assert_eq!(purpose(Upstream::Aws, "UpdateItem", &get("LIMIT#0a")), Purpose::RateLimit);
        assert_eq!(purpose(Upstream::Aws, "UpdateItem", &get("SKU#MUG")), Purpose::Work);
        assert_eq!(purpose(Upstream::Aws, "Query", &query("REVOKED#2976000")), Purpose::Cached);
        assert_eq!(purpose(Upstream::Aws, "Query", &query("ORDER#1")), Purpose::Work);
        assert_eq!(purpose(Upstream::Aws, "GetSecretValue", &json!({})), Purpose::Cached);
        assert_eq!(purpose(Upstream::Provider, "POST /v1/payment_intents", &json!(null)), Purpose::Provider);
    }

    #[test]
    fn concurrent_calls_are_one_round_trip() {
        let call =
            |purpose, start_us, end_us| Call { purpose, read_units: 1.0, start_us, end_us, ..Call::free("GetItem") };
        // In the order of their responses, as the meter records them.
        let calls = [
            call(Purpose::Cached, 0, 10),
            call(Purpose::Work, 12, 20),
            call(Purpose::Work, 11, 30),
            call(Purpose::Work, 30, 40),
        ];
        assert_eq!(trips(&calls), 2);
        assert_eq!(trips(&[]), 0);
    }

    #[test]
    fn messages_to_queues_are_recorded() {
        let batch = json!({ "QueueUrl": "q", "Entries": [{ "MessageBody": "a" }, { "MessageBody": "b", "DelaySeconds": 600 }] });
        let message = |body: &str, delay_seconds| QueuedMessage { queue: "q".into(), body: body.into(), delay_seconds };
        assert_eq!(messages("SendMessageBatch", &batch), [message("a", 0), message("b", 600)]);
        assert_eq!(messages("SendMessage", &json!({ "QueueUrl": "q", "MessageBody": "c" })), [message("c", 0)]);
        assert_eq!(messages("GetItem", &batch), []);
    }

    #[test]
    fn transaction_has_as_many_actions_as_writes() {
        assert_eq!(actions(&json!({ "TransactItems": [{}, {}, {}] })), 3);
        assert_eq!(actions(&json!({ "RequestItems": { "a": { "Keys": [{}, {}] }, "b": { "Keys": [{}] } } })), 3);
        assert_eq!(actions(&json!({ "Entries": [{}] })), 1);
        assert_eq!(actions(&json!({ "Key": {} })), 1);
    }

    #[test]
    fn repeated_attempt_replaces_the_earlier_one() {
        let logged = |id: Option<&str>, status: u16| {
            let call = Call { read_units: 1.0, status, ..Call::free("GetItem") };
            LoggedCall { id: id.map(str::to_owned), call }
        };
        let mut log = Vec::new();
        for (id, status) in [(Some("a"), 500), (Some("b"), 200), (Some("a"), 200), (None, 200), (None, 200)] {
            record(&mut log, logged(id, status));
        }
        let statuses: Vec<_> = log.iter().map(|logged| (logged.id.as_deref(), logged.call.status)).collect();
        assert_eq!(statuses, [(Some("b"), 200), (Some("a"), 200), (None, 200), (None, 200)]);
    }
}
