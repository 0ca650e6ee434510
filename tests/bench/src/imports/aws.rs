//! As much of AWS as imports and exports ask for, in memory. It agrees to every condition, for there is nobody else; and it
//! forgets what nobody reads again: outboxes, histories, logs of stock.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_RANGE, ETAG, HeaderValue, RANGE};
use hyper::{Method, Request};
use serde_json::{Value, json};

use crate::serve::{Answer, Server, answer};

/// Of a bucket and a table of one writer.
const TAG: &str = "\"bench\"";

/// The AWS, on a port of its own.
#[derive(Debug)]
pub(crate) struct Aws {
    server: Server,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    /// As they came, by partition and sort key: text is smaller than a tree.
    rows: HashMap<(String, String), String>,
    /// By the partition and the sort key of gsi1.
    listed: BTreeMap<(String, String), (String, String)>,
    files: HashMap<String, Vec<u8>>,
    /// Of uploads that are not whole, by name and number.
    parts: BTreeMap<(String, u32), Vec<u8>>,
    sent: Vec<String>,
    calls: usize,
    jobs: u32,
}

impl Aws {
    pub(crate) async fn start() -> Result<Self> {
        let held = Arc::new(Mutex::new(Held::default()));
        let shared = held.clone();
        let server = Server::start(move |request: Request<Incoming>| {
            let shared = shared.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let mut held = lock(&shared);
                held.calls += 1;
                match head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
                    Some(target) => held.told(target, &body),
                    None => held.file_request(&Request::from_parts(head, body)),
                }
            }
        });
        Ok(Self { server: server.await?, held })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn calls(&self) -> usize {
        lock(&self.held).calls
    }

    /// The message that the worker has sent itself.
    pub(crate) fn sent(&self) -> Option<String> {
        lock(&self.held).sent.pop()
    }

    /// A new job's id.
    pub(crate) fn next_job(&self) -> String {
        let mut held = lock(&self.held);
        held.jobs += 1;
        format!("job_01kajc8000000000000000{:04}", held.jobs)
    }

    pub(crate) fn put_file(&self, name: &str, bytes: Vec<u8>) {
        lock(&self.held).files.insert(name.to_owned(), bytes);
    }

    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        lock(&self.held).files.remove(name)
    }

    /// A job whose turn has come.
    pub(crate) fn put_job(&self, id: &str, format: &str, kind: &str) {
        let at = "2026-11-21T08:00:00.000Z";
        let row = json!({
            "pk": { "S": format!("JOB#{id}") }, "sk": { "S": "JOB" }, "id": { "S": id }, "format": { "S": format },
            "status": { "S": "queued" }, "counts": { "M": {} }, "actor": { "S": "admin:bench" },
            "work": { "M": { kind: { "M": {} } } }, "version": { "N": "1" },
            "createdAt": { "S": at }, "updatedAt": { "S": at }, "expiresAt": { "N": "9999999999" },
        });
        lock(&self.held).put(&row);
    }

    /// A job's status and counts.
    pub(crate) fn job(&self, id: &str) -> Option<Value> {
        let row = lock(&self.held).rows.get(&(format!("JOB#{id}"), "JOB".to_owned()))?.clone();
        let row: Value = serde_json::from_str(&row).ok()?;
        let counts = row["counts"]["M"].as_object().into_iter().flatten();
        let number = |value: &Value| value["N"].as_str().and_then(|n| n.parse::<u64>().ok());
        let counts: Value = counts.map(|(name, value)| (name.clone(), json!(number(value)))).collect();
        Some(json!({ "status": row["status"]["S"], "counts": counts, "failure": row["failure"] }))
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(of: &Value) -> (String, String) {
    let text = |name: &str| of[name]["S"].as_str().unwrap_or_default().to_owned();
    (text("pk"), text("sk"))
}

impl Held {
    /// DynamoDB and SQS.
    fn told(&mut self, target: &str, body: &[u8]) -> Answer {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = match target.rsplit('.').next().unwrap_or_default() {
            "GetItem" => match self.rows.get(&key(&asked["Key"])) {
                Some(row) => format!("{{\"Item\":{row}}}"),
                None => "{}".to_owned(),
            },
            "BatchGetItem" => self.batch(&asked["RequestItems"]),
            "Query" => self.page(&asked),
            "PutItem" => {
                self.put(&asked["Item"]);
                "{}".to_owned()
            }
            "TransactWriteItems" => {
                for action in asked["TransactItems"].as_array().into_iter().flatten() {
                    match (&action["Put"], &action["Update"]) {
                        (Value::Null, Value::Null) => {}
                        (Value::Null, update) => self.reprice(update),
                        (put, _) => self.put(&put["Item"]),
                    }
                }
                "{}".to_owned()
            }
            "SendMessage" => {
                self.sent.push(asked["MessageBody"].as_str().unwrap_or_default().to_owned());
                json!({ "MessageId": "bench" }).to_string()
            }
            _ => "{}".to_owned(),
        };
        answer(200, "application/x-amz-json-1.0", said)
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

    /// The one update that an import makes of an offer, as far as it is read again.
    fn reprice(&mut self, update: &Value) {
        let at = key(&update["Key"]);
        let Some(row) = self.rows.get(&at) else { return };
        let mut row: Value = serde_json::from_str(row).unwrap_or_default();
        for (value, attribute) in [(":price", "price"), (":pv", "priceVersion"), (":productVersion", "productVersion")]
        {
            let told = &update["ExpressionAttributeValues"][value];
            if !told.is_null() {
                row[attribute] = told.clone();
            }
        }
        self.rows.insert(at, row.to_string());
    }

    fn batch(&self, tables: &Value) -> String {
        let found = tables.as_object().into_iter().flatten().map(|(table, asked)| {
            let keys = asked["Keys"].as_array().into_iter().flatten();
            let rows: Vec<&str> = keys.filter_map(|asked| self.rows.get(&key(asked))).map(String::as_str).collect();
            format!("{}:[{}]", json!(table), rows.join(","))
        });
        format!("{{\"Responses\":{{{}}}}}", found.collect::<Vec<_>>().join(","))
    }

    /// A page of gsi1, or of the categories, which an import makes and nobody counts.
    fn page(&self, asked: &Value) -> String {
        let partition = asked["ExpressionAttributeValues"][":pk"]["S"].as_str().unwrap_or_default().to_owned();
        let after = asked["ExclusiveStartKey"]["gsi1sk"]["S"].as_str().unwrap_or_default().to_owned();
        let limit = usize::try_from(asked["Limit"].as_u64().unwrap_or(100)).unwrap_or(100);
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

    /// S3, by paths.
    fn file_request(&mut self, request: &Request<Bytes>) -> Answer {
        let name = request.uri().path().trim_start_matches('/').split_once('/').map_or("", |(_, name)| name).to_owned();
        let query = request.uri().query().unwrap_or_default();
        let number = query.split('&').find_map(|pair| pair.strip_prefix("partNumber=")?.parse::<u32>().ok());
        let method = request.method();
        let tagged = |mut answer: Answer| {
            answer.headers_mut().insert(ETAG, HeaderValue::from_static(TAG));
            answer
        };
        if method == Method::PUT {
            let bytes = request.body().to_vec();
            match number {
                Some(number) => self.parts.insert((name, number), bytes),
                None => self.files.insert(name, bytes),
            };
            return tagged(answer(200, "text/plain", ""));
        }
        if method == Method::POST && query.contains("uploadId=") {
            let of_it: Vec<u32> = self.parts.keys().filter(|(of, _)| *of == name).map(|(_, number)| *number).collect();
            let whole = of_it.into_iter().filter_map(|number| self.parts.remove(&(name.clone(), number))).flatten();
            let whole: Vec<u8> = whole.collect();
            self.files.insert(name, whole);
            return answer(200, "application/xml", "<CompleteMultipartUploadResult/>");
        }
        if method == Method::POST {
            let begun = "<InitiateMultipartUploadResult><UploadId>bench</UploadId></InitiateMultipartUploadResult>";
            return answer(200, "application/xml", begun);
        }
        let Some(file) = self.files.get(&name) else { return answer(404, "application/xml", "") };
        if method == Method::HEAD {
            // The length of a body that is not sent: hyper keeps what is said here.
            let mut head = answer(200, "application/octet-stream", "");
            head.headers_mut().insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(file.len()));
            return tagged(head);
        }
        let range =
            request.headers().get(RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
        let Some((from, to)) =
            range.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)))
        else {
            return tagged(answer(200, "application/octet-stream", file.clone()));
        };
        let end = (to + 1).min(file.len());
        let mut part = answer(206, "application/octet-stream", file[from.min(end)..end].to_vec());
        if let Ok(range) = format!("bytes {from}-{}/{}", end.saturating_sub(1), file.len()).parse() {
            part.headers_mut().insert(CONTENT_RANGE, range);
        }
        tagged(part)
    }
}
