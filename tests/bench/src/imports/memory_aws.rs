//! The part of AWS that imports and exports use, in memory. It accepts every condition, because there is only one
//! writer. It drops rows that nothing reads again: outboxes, histories, stock movements.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_RANGE, ETAG, HeaderValue, RANGE};
use hyper::{Method, Request};
use serde_json::{Value, json};

use crate::http_server::{HttpResponse, Server, http_response};

/// The ETag of every object.
const ETAG_VALUE: &str = "\"bench\"";

/// The server, on its own port.
#[derive(Debug)]
pub(crate) struct MemoryAws {
    server: Server,
    state: Arc<Mutex<MemoryState>>,
}

#[derive(Debug, Default)]
struct MemoryState {
    /// Rows as JSON text, by partition key and sort key. Text is smaller than a tree.
    rows: HashMap<(String, String), String>,
    /// The keys of rows, by the partition key and sort key of gsi1.
    listed: BTreeMap<(String, String), (String, String)>,
    files: HashMap<String, Vec<u8>>,
    /// Parts of unfinished uploads, by name and part number.
    parts: BTreeMap<(String, u32), Vec<u8>>,
    messages: Vec<String>,
    calls: usize,
    jobs: u32,
}

impl MemoryAws {
    pub(crate) async fn start() -> Result<Self> {
        let state = Arc::new(Mutex::new(MemoryState::default()));
        let shared = state.clone();
        let server = Server::start(move |request: Request<Incoming>| {
            let shared = shared.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let mut state = lock(&shared);
                state.calls += 1;
                match head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
                    Some(target) => state.handle_call(target, &body),
                    None => state.handle_object_request(&Request::from_parts(head, body)),
                }
            }
        });
        Ok(Self { server: server.await?, state })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn calls(&self) -> usize {
        lock(&self.state).calls
    }

    /// Takes the message that the worker has sent itself.
    pub(crate) fn take_message(&self) -> Option<String> {
        lock(&self.state).messages.pop()
    }

    /// Returns the id of a new job.
    pub(crate) fn next_job(&self) -> String {
        let mut state = lock(&self.state);
        state.jobs += 1;
        format!("job_01kajc8000000000000000{:04}", state.jobs)
    }

    pub(crate) fn put_file(&self, name: &str, bytes: Vec<u8>) {
        lock(&self.state).files.insert(name.to_owned(), bytes);
    }

    pub(crate) fn take_file(&self, name: &str) -> Option<Vec<u8>> {
        lock(&self.state).files.remove(name)
    }

    /// Stores a queued job.
    pub(crate) fn put_job(&self, id: &str, format: &str, kind: &str) {
        let at = "2026-11-21T08:00:00.000Z";
        let row = json!({
            "pk": { "S": format!("JOB#{id}") }, "sk": { "S": "JOB" }, "id": { "S": id }, "format": { "S": format },
            "status": { "S": "queued" }, "counts": { "M": {} }, "actor": { "S": "admin:bench" },
            "work": { "M": { kind: { "M": {} } } }, "version": { "N": "1" },
            "createdAt": { "S": at }, "updatedAt": { "S": at }, "expiresAt": { "N": "9999999999" },
        });
        lock(&self.state).put(&row);
    }

    /// Returns the status and the counts of a job.
    pub(crate) fn job(&self, id: &str) -> Option<Value> {
        let row = lock(&self.state).rows.get(&(format!("JOB#{id}"), "JOB".to_owned()))?.clone();
        let row: Value = serde_json::from_str(&row).ok()?;
        let counts = row["counts"]["M"].as_object().into_iter().flatten();
        let number = |value: &Value| value["N"].as_str().and_then(|n| n.parse::<u64>().ok());
        let counts: Value = counts.map(|(name, value)| (name.clone(), json!(number(value)))).collect();
        Some(json!({ "status": row["status"]["S"], "counts": counts, "failure": row["failure"] }))
    }
}

fn lock(state: &Mutex<MemoryState>) -> MutexGuard<'_, MemoryState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(of: &Value) -> (String, String) {
    let text = |name: &str| of[name]["S"].as_str().unwrap_or_default().to_owned();
    (text("pk"), text("sk"))
}

impl MemoryState {
    /// Handles a call to DynamoDB or SQS.
    fn handle_call(&mut self, target: &str, body: &[u8]) -> HttpResponse {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let body = match target.rsplit('.').next().unwrap_or_default() {
            "GetItem" => match self.rows.get(&key(&request["Key"])) {
                Some(row) => format!("{{\"Item\":{row}}}"),
                None => "{}".to_owned(),
            },
            "BatchGetItem" => self.batch(&request["RequestItems"]),
            "Query" => self.page(&request),
            "PutItem" => {
                self.put(&request["Item"]);
                "{}".to_owned()
            }
            "TransactWriteItems" => {
                for action in request["TransactItems"].as_array().into_iter().flatten() {
                    match (&action["Put"], &action["Update"]) {
                        (Value::Null, Value::Null) => {}
                        (Value::Null, update) => self.reprice(update),
                        (put, _) => self.put(&put["Item"]),
                    }
                }
                "{}".to_owned()
            }
            "SendMessage" => {
                self.messages.push(request["MessageBody"].as_str().unwrap_or_default().to_owned());
                json!({ "MessageId": "bench" }).to_string()
            }
            _ => "{}".to_owned(),
        };
        http_response(200, "application/x-amz-json-1.0", body)
    }

    fn put(&mut self, row: &Value) {
        let at = key(row);
        if ["OUTBOX#", "IDEMPOTENCY#"].iter().any(|prefix| at.0.starts_with(prefix))
            || ["CHANGE#", "MOVE#"].iter().any(|prefix| at.1.starts_with(prefix))
        {
            return;
        }
        if let (Some(partition), Some(sort)) = (row["gsi1pk"]["S"].as_str(), row["gsi1sk"]["S"].as_str()) {
            self.listed.insert((partition.to_owned(), sort.to_owned()), at.clone());
        }
        self.rows.insert(at, row.to_string());
    }

    /// Applies the only update that an import makes to an offer, as far as it is read again.
    fn reprice(&mut self, update: &Value) {
        let at = key(&update["Key"]);
        let Some(row) = self.rows.get(&at) else { return };
        let mut row: Value = serde_json::from_str(row).unwrap_or_default();
        for (value, attribute) in [(":price", "price"), (":pv", "priceVersion"), (":productVersion", "productVersion")]
        {
            let new_value = &update["ExpressionAttributeValues"][value];
            if !new_value.is_null() {
                row[attribute] = new_value.clone();
            }
        }
        self.rows.insert(at, row.to_string());
    }

    fn batch(&self, tables: &Value) -> String {
        let found = tables.as_object().into_iter().flatten().map(|(table, request)| {
            let keys = request["Keys"].as_array().into_iter().flatten();
            let rows: Vec<&str> = keys.filter_map(|request| self.rows.get(&key(request))).map(String::as_str).collect();
            format!("{}:[{}]", json!(table), rows.join(","))
        });
        format!("{{\"Responses\":{{{}}}}}", found.collect::<Vec<_>>().join(","))
    }

    /// Returns a page of gsi1. Categories are in it, too; an import creates them and nothing reads them.
    fn page(&self, request: &Value) -> String {
        let partition = request["ExpressionAttributeValues"][":pk"]["S"].as_str().unwrap_or_default().to_owned();
        let after = request["ExclusiveStartKey"]["gsi1sk"]["S"].as_str().unwrap_or_default().to_owned();
        let limit = usize::try_from(request["Limit"].as_u64().unwrap_or(100)).unwrap_or(100);
        let mut rows = Vec::new();
        let mut last = Value::Null;
        for ((in_partition, sort), at) in self.listed.range((partition.clone(), after.clone())..) {
            if *in_partition != partition || rows.len() == limit {
                break;
            }
            if *sort > after {
                rows.extend(self.rows.get(at).map(String::as_str));
                last = json!({ "pk": { "S": at.0 }, "sk": { "S": at.1 }, "gsi1pk": { "S": partition }, "gsi1sk": { "S": sort } });
            }
        }
        let more = if rows.len() == limit { format!(",\"LastEvaluatedKey\":{last}") } else { String::new() };
        format!("{{\"Items\":[{}]{more}}}", rows.join(","))
    }

    /// Handles a call to S3.
    fn handle_object_request(&mut self, request: &Request<Bytes>) -> HttpResponse {
        let name = request.uri().path().trim_start_matches('/').split_once('/').map_or("", |(_, name)| name).to_owned();
        let query = request.uri().query().unwrap_or_default();
        let number = query.split('&').find_map(|pair| pair.strip_prefix("partNumber=")?.parse::<u32>().ok());
        let method = request.method();
        let with_etag = |mut response: HttpResponse| {
            response.headers_mut().insert(ETAG, HeaderValue::from_static(ETAG_VALUE));
            response
        };
        if method == Method::PUT {
            let bytes = request.body().to_vec();
            match number {
                Some(number) => self.parts.insert((name, number), bytes),
                None => self.files.insert(name, bytes),
            };
            return with_etag(http_response(200, "text/plain", ""));
        }
        if method == Method::POST && query.contains("uploadId=") {
            let numbers: Vec<u32> =
                self.parts.keys().filter(|(of, _)| *of == name).map(|(_, number)| *number).collect();
            let content = numbers.into_iter().filter_map(|number| self.parts.remove(&(name.clone(), number))).flatten();
            let content: Vec<u8> = content.collect();
            self.files.insert(name, content);
            return http_response(200, "application/xml", "<CompleteMultipartUploadResult/>");
        }
        if method == Method::POST {
            let body = "<InitiateMultipartUploadResult><UploadId>bench</UploadId></InitiateMultipartUploadResult>";
            return http_response(200, "application/xml", body);
        }
        let Some(file) = self.files.get(&name) else { return http_response(404, "application/xml", "") };
        if method == Method::HEAD {
            // The length of the object. hyper keeps this header although no body follows.
            let mut head = http_response(200, "application/octet-stream", "");
            head.headers_mut().insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(file.len()));
            return with_etag(head);
        }
        let range =
            request.headers().get(RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
        let Some((from, to)) =
            range.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)))
        else {
            return with_etag(http_response(200, "application/octet-stream", file.clone()));
        };
        let end = (to + 1).min(file.len());
        let mut part = http_response(206, "application/octet-stream", file[from.min(end)..end].to_vec());
        if let Ok(range) = format!("bytes {from}-{}/{}", end.saturating_sub(1), file.len()).parse() {
            part.headers_mut().insert(CONTENT_RANGE, range);
        }
        with_etag(part)
    }
}
