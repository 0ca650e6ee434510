//! Events in the form of Lambda triggers. `events/` has samples for readers; these contain current ids and tokens.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// As long as the ids of API Gateway: rows contain it, and the size of a row decides its write units.
const REQUEST_ID: &str = "JKJaXmPLvHcESHA=";

/// A request through the HTTP API (payload format 2.0).
#[derive(Debug, Clone)]
#[must_use]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    query: String,
    headers: BTreeMap<&'static str, String>,
    body: Option<String>,
    source_ip: String,
}

impl Request {
    /// `path` may have a query string.
    pub(crate) fn new(method: &'static str, path: impl AsRef<str>) -> Self {
        let (path, query) = path.as_ref().split_once('?').unwrap_or((path.as_ref(), ""));
        let headers = BTreeMap::from([("host", "bench".to_owned()), ("user-agent", "bench".to_owned())]);
        let (path, query, source_ip) = (path.to_owned(), query.to_owned(), "127.0.0.1".to_owned());
        Self { method, path, query, headers, body: None, source_ip }
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

    /// Sets the IP address of the sender, which stands for a network.
    pub(crate) fn with_source_ip(self, source_ip: String) -> Self {
        Self { source_ip, ..self }
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
                    "sourceIp": self.source_ip,
                    "userAgent": "bench",
                },
                "requestId": REQUEST_ID,
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

/// A stream batch of one record, as Lambda delivers it: with the stream that it comes from.
pub(crate) fn stream_batch(mut record: Value, stream: &str) -> Value {
    record["eventSourceARN"] = stream.into();
    json!({ "Records": [record] })
}

/// The type of an event in its envelope.
pub(crate) fn event_type(envelope: &str) -> Result<String> {
    let envelope: Value = serde_json::from_str(envelope).context("an event is not JSON")?;
    envelope["eventType"].as_str().map(str::to_owned).context("an event has no type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_has_an_id_as_long_as_those_of_api_gateway_and_the_address_of_its_sender() {
        let context = |request: Request| request.event()["requestContext"].clone();
        let from = context(Request::get("/health").with_source_ip("192.0.2.1".to_owned()));
        assert_eq!(from["requestId"].as_str().map(str::len), Some(16));
        assert_eq!(from["http"]["sourceIp"], "192.0.2.1");
        assert_eq!(context(Request::get("/health"))["http"]["sourceIp"], "127.0.0.1");
    }

    #[test]
    fn event_has_a_type() -> Result<()> {
        assert_eq!(event_type(r#"{"eventType":"order.created","data":{}}"#)?, "order.created");
        assert!(event_type("{}").is_err() && event_type("x").is_err());
        Ok(())
    }
}
