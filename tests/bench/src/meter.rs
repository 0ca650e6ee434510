//! A proxy in front of AWS (and of the payment provider) that writes down every call that goes through it, and asks DynamoDB
//! what each call consumed.

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
use crate::serve::{Answer, Server, answer};

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Purpose {
    /// The work itself: this is what the budgets count.
    Work,
    /// Keys, revocations and secrets, which a function keeps for a while.
    Cached,
    /// The payment provider, which is not AWS.
    Provider,
}

/// One call.
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
    /// Messages that it put into queues. Not in the results: they are of one run.
    #[serde(skip)]
    pub(crate) sent: Vec<Sent>,
    /// Since the meter was started.
    pub(crate) began_us: u64,
    pub(crate) ended_us: u64,
}

/// A message on its way into a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Its URL.
    pub(crate) queue: String,
    pub(crate) body: String,
    pub(crate) delay_seconds: u64,
}

/// How often the work had to wait for an answer: calls side by side cost one round trip.
pub(crate) fn trips(calls: &[Call]) -> usize {
    let mut work: Vec<&Call> = calls.iter().filter(|call| call.purpose == Purpose::Work).collect();
    work.sort_by_key(|call| call.began_us);
    let (mut trips, mut answered) = (0, 0);
    for call in work {
        // One that began while another was under way is part of its trip.
        if call.began_us >= answered {
            trips += 1;
        }
        answered = answered.max(call.ended_us);
    }
    trips
}

type Log = Arc<Mutex<Vec<Call>>>;

/// The proxy.
#[derive(Debug)]
pub(crate) struct Meter {
    server: Server,
    log: Log,
}

/// What is on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstream {
    Aws,
    Provider,
}

impl Meter {
    /// In front of `url`.
    pub(crate) async fn before(url: &str, upstream: Upstream) -> Result<Self> {
        let log = Log::default();
        let way = Way { url: url.trim_end_matches('/').to_owned(), http: http(), upstream, started: Instant::now() };
        let (way, writes) = (Arc::new(way), log.clone());
        let server = Server::start(move |request| {
            let (way, writes) = (way.clone(), writes.clone());
            async move {
                let passed = way.pass_on(request).await;
                let (answer, call) = match passed {
                    Ok((answer, call)) => (answer, Some(call)),
                    Err(error) => (answer(502, "text/plain", format!("{error:#}")), None),
                };
                lock(&writes).extend(call);
                answer
            }
        });
        Ok(Self { server: server.await?, log })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The calls since the last time, in the order of their answers.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.log))
    }
}

fn lock(log: &Mutex<Vec<Call>>) -> MutexGuard<'_, Vec<Call>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To the other side and back.
struct Way {
    url: String,
    http: Http,
    upstream: Upstream,
    started: Instant,
}

impl Way {
    async fn pass_on(&self, request: Request<Incoming>) -> Result<(Answer, Call)> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let operation = operation(&head);
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let purpose = purpose(self.upstream, &operation, &asked);
        let body = if is_metered(&operation) { asking_capacity(&asked).unwrap_or(body) } else { body };
        let began_us = self.now_us();
        let (answer, body) = self.send(&head, body).await?;
        let ended_us = self.now_us();
        let told: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Units { read: read_units, write: write_units } = consumed(&operation, &asked, &told);
        let (actions, status, sent) = (actions(&asked), answer.status().as_u16(), sent(&operation, &asked));
        let call = Call { operation, actions, purpose, read_units, write_units, status, sent, began_us, ended_us };
        Ok((answer, call))
    }

    async fn send(&self, head: &Parts, body: Bytes) -> Result<(Answer, Bytes)> {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder().method(head.method.clone()).uri(format!("{}{path}", self.url));
        let mut request = request.body(Full::new(body))?;
        *request.headers_mut() = forwarded(&head.headers);
        let (head, body) = self.http.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut answer = Answer::new(Full::new(body.clone()));
        *answer.status_mut() = head.status;
        *answer.headers_mut() = forwarded(&head.headers);
        Ok((answer, body))
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Without the headers of one connection (RFC 9110, 7.6.1), and those that are written anew.
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

/// `GetItem` of `X-Amz-Target: DynamoDB_20120810.GetItem`; a REST call by its method and path.
fn operation(head: &Parts) -> String {
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    match (target.and_then(|target| target.rsplit_once('.')), head.uri.path()) {
        (Some((_, operation)), _) => operation.to_owned(),
        (None, "/v2/email/outbound-emails") => "SendEmail".to_owned(),
        (None, path) => format!("{} {path}", head.method),
    }
}

fn purpose(upstream: Upstream, operation: &str, asked: &Value) -> Purpose {
    if upstream == Upstream::Provider {
        return Purpose::Provider;
    }
    match (operation, asked["Key"]["pk"]["S"].as_str(), asked["ExpressionAttributeValues"][":pk"]["S"].as_str()) {
        ("Query", _, Some("KEYS" | "REVOKED")) | ("GetSecretValue", ..) => Purpose::Cached,
        _ => Purpose::Work,
    }
}

fn asking_capacity(asked: &Value) -> Option<Bytes> {
    let mut asked = asked.clone();
    asked.as_object_mut()?.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
    Some(Bytes::from(asked.to_string()))
}

/// Writes of a transaction, keys of a batch; 1 of everything else.
fn actions(asked: &Value) -> usize {
    let transaction = asked["TransactItems"].as_array().map(Vec::len);
    let entries = asked["Entries"].as_array().map(Vec::len);
    let keys = |tables: &serde_json::Map<String, Value>| {
        tables.values().filter_map(|table| table["Keys"].as_array().or(table.as_array()).map(Vec::len)).sum()
    };
    transaction.or(entries).or_else(|| asked["RequestItems"].as_object().map(keys)).unwrap_or(1)
}

/// The messages of a send to SQS, of one or of a batch.
fn sent(operation: &str, asked: &Value) -> Vec<Sent> {
    let queue = asked["QueueUrl"].as_str().unwrap_or_default();
    let message = |message: &Value| Sent {
        queue: queue.to_owned(),
        body: message["MessageBody"].as_str().unwrap_or_default().to_owned(),
        delay_seconds: message["DelaySeconds"].as_u64().unwrap_or_default(),
    };
    match operation {
        "SendMessage" => vec![message(asked)],
        "SendMessageBatch" => asked["Entries"].as_array().into_iter().flatten().map(message).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_revocations_and_secrets_are_not_the_work() {
        let get = |pk: &str| json!({ "TableName": "t", "Key": { "pk": { "S": pk }, "sk": { "S": "x" } } });
        let query = |pk: &str| json!({ "ExpressionAttributeValues": { ":pk": { "S": pk } } });
        assert_eq!(purpose(Upstream::Aws, "Query", &query("KEYS")), Purpose::Cached);
        assert_eq!(purpose(Upstream::Aws, "GetItem", &get("ORDER#1")), Purpose::Work);
        assert_eq!(purpose(Upstream::Aws, "PutItem", &get("KEYS")), Purpose::Work);
        assert_eq!(purpose(Upstream::Aws, "Query", &query("REVOKED")), Purpose::Cached);
        assert_eq!(purpose(Upstream::Aws, "Query", &query("ORDER#1")), Purpose::Work);
        assert_eq!(purpose(Upstream::Aws, "GetSecretValue", &json!({})), Purpose::Cached);
        assert_eq!(purpose(Upstream::Provider, "POST /v1/payment_intents", &json!(null)), Purpose::Provider);
    }

    #[test]
    fn calls_side_by_side_are_one_trip() {
        let call = |purpose, began_us, ended_us| {
            let operation = "GetItem".to_owned();
            let (read_units, write_units, sent) = (1.0, 0.0, Vec::new());
            Call { operation, actions: 1, purpose, read_units, write_units, status: 200, sent, began_us, ended_us }
        };
        // In the order of their answers, as the meter writes them down.
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
    fn what_goes_into_a_queue_is_overheard() {
        let batch = json!({ "QueueUrl": "q", "Entries": [{ "MessageBody": "a" }, { "MessageBody": "b", "DelaySeconds": 600 }] });
        let message = |body: &str, delay_seconds| Sent { queue: "q".into(), body: body.into(), delay_seconds };
        assert_eq!(sent("SendMessageBatch", &batch), [message("a", 0), message("b", 600)]);
        assert_eq!(sent("SendMessage", &json!({ "QueueUrl": "q", "MessageBody": "c" })), [message("c", 0)]);
        assert_eq!(sent("GetItem", &batch), []);
    }

    #[test]
    fn a_transaction_has_as_many_actions_as_writes() {
        assert_eq!(actions(&json!({ "TransactItems": [{}, {}, {}] })), 3);
        assert_eq!(actions(&json!({ "RequestItems": { "a": { "Keys": [{}, {}] }, "b": { "Keys": [{}] } } })), 3);
        assert_eq!(actions(&json!({ "Entries": [{}] })), 1);
        assert_eq!(actions(&json!({ "Key": {} })), 1);
    }
}
