//! Events in the form of Lambda triggers. `events/` has samples for readers; these contain current ids and tokens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A request through the HTTP API (payload format 2.0).
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    query: String,
    headers: BTreeMap<&'static str, String>,
    body: Option<String>,
}

impl Request {
    /// `path` may have a query string.
    pub(crate) fn new(method: &'static str, path: impl AsRef<str>) -> Self {
        let (path, query) = path.as_ref().split_once('?').unwrap_or((path.as_ref(), ""));
        let headers = BTreeMap::from([("host", "bench".to_owned()), ("user-agent", "bench".to_owned())]);
        Self { method, path: path.to_owned(), query: query.to_owned(), headers, body: None }
    }

    pub(crate) fn get(path: impl AsRef<str>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl AsRef<str>, body: &Value) -> Self {
        Self::new("POST", path).with_body(body)
    }

    pub(crate) fn patch(path: impl AsRef<str>, body: &Value) -> Self {
        Self::new("PATCH", path).with_body(body)
    }

    fn with_body(self, body: &Value) -> Self {
        self.with_text(body.to_string())
    }

    /// Sets a body as text, because a signature covers its exact bytes.
    pub(crate) fn with_text(self, body: String) -> Self {
        Self { body: Some(body), ..self.header("content-type", "application/json") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn event(self) -> Value {
        let query: BTreeMap<&str, &str> = self.query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "queryStringParameters": query,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "bench",
                "domainName": "bench",
                "domainPrefix": "bench",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "bench",
                },
                "requestId": "bench",
                "routeKey": "$default",
                "stage": "$default",
                "time": "01/Jan/2026:00:00:00 +0000",
                "timeEpoch": 1_767_225_600_000_u64,
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

/// An SQS batch of one message.
pub(crate) fn sqs_batch(body: &str) -> Value {
    json!({ "Records": [{
        "messageId": "00000000-0000-4000-8000-000000000000",
        "receiptHandle": "bench",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1767225600000",
            "SenderId": "bench",
            "ApproximateFirstReceiveTimestamp": "1767225600000",
        },
        "messageAttributes": {},
        "md5OfBody": "00000000000000000000000000000000",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:bench",
        "awsRegion": "eu-central-1",
    }]})
}

/// A stream batch of one inserted row.
pub(crate) fn insert_batch(table: &str, row: &Value) -> Value {
    record(table, "INSERT", json!({ "NewImage": row, "StreamViewType": "NEW_IMAGE" }), row)
}

/// A stream batch of one changed row.
pub(crate) fn modify_batch(table: &str, before: &Value, after: &Value) -> Value {
    let images = json!({ "OldImage": before, "NewImage": after, "StreamViewType": "NEW_AND_OLD_IMAGES" });
    record(table, "MODIFY", images, after)
}

fn record(table: &str, name: &str, mut change: Value, row: &Value) -> Value {
    change["ApproximateCreationDateTime"] = json!(1_767_225_600_u64);
    change["Keys"] = json!({ "pk": row["pk"], "sk": row["sk"] });
    change["SequenceNumber"] = json!("1");
    change["SizeBytes"] = json!(1);
    json!({ "Records": [{
        "eventID": "bench",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": change,
        "eventSourceARN": format!("arn:aws:dynamodb:eu-central-1:000000000000:table/{table}/stream/2026-01-01T00:00:00.000"),
    }]})
}
