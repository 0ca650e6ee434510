//! Calls from other places than this machine: `auth` and `oauth` are invoked with the events that API Gateway would make of them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::{Functions, Response, SIGNED_IN, Shop};

/// Somebody at an address of their own.
#[derive(Debug, Clone)]
pub struct IpCaller {
    functions: Functions,
    source: String,
    forwarded: Option<String>,
}

impl Shop {
    /// Somebody at that address.
    pub fn from(&self, source: &str) -> IpCaller {
        IpCaller { functions: self.functions.clone(), source: source.to_owned(), forwarded: None }
    }

    /// Somebody at an address that nobody else has, nor had in an earlier run.
    pub fn from_new_ip(&self) -> IpCaller {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Of the documentation's network of IPv6 (RFC 3849), with the /64 that counts.
        let (time, count) = (since.as_micros() as u64 & 0xffff_ffff, COUNT.fetch_add(1, Ordering::Relaxed) & 0xffff);
        // Two groups are fixed, and only four name the network.
        let source = format!("2001:{:x}:{:x}:{count:x}::1", time >> 16, time & 0xffff);
        self.from(&source)
    }
}

impl IpCaller {
    /// The same, saying that somebody else was before.
    #[must_use]
    pub fn forwarded_for(&self, forwarded: &str) -> Self {
        Self { forwarded: Some(forwarded.to_owned()), ..self.clone() }
    }

    /// Where from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// POST to `auth`.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.calls(("auth", "ANY /api/v1/auth/{proxy+}"), ("POST", path, ""), &body.to_string()).await
    }

    /// Begins a sign-in, and does not go on.
    pub async fn begins_sign_in(&self) -> Response {
        let (path, query) = ("/api/v1/auth/oauth/google", format!("redirect={SIGNED_IN}"));
        self.calls(("oauth", "ANY /api/v1/auth/oauth/{proxy+}"), ("GET", path, &query), "").await
    }

    async fn calls(
        &self,
        (function, route): (&str, &str),
        (method, path, query): (&str, &str, &str),
        body: &str,
    ) -> Response {
        let mut headers = json!({ "content-type": "application/json", "host": "api.example.com" });
        if let Some(forwarded) = &self.forwarded {
            headers["x-forwarded-for"] = json!(forwarded);
            headers["forwarded"] = json!(format!("for={forwarded}"));
        }
        let http = json!({ "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": self.source, "userAgent": "e2e" });
        let event = json!({
            "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": headers,
            "requestContext": {
                "accountId": "000000000000", "apiId": "e2e", "domainName": "api.example.com", "domainPrefix": "api", "http": http,
                "requestId": "e2e", "routeKey": route, "stage": "$default",
                "time": "21/Nov/2026:08:00:00 +0000", "timeEpoch": 1_795_248_000_000_u64,
            },
            "isBase64Encoded": false, "body": body,
        });
        let invoked = self.functions.invoke(function, event.to_string()).await;
        let asked = format!("{method} {path} from {}", self.source);
        assert!(invoked.error.is_none(), "{asked} fails: {}", invoked.payload);
        let status = invoked.payload["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let headers = invoked.payload["headers"].as_object().into_iter().flatten();
        let headers: HeaderMap = headers
            .filter_map(|(name, value)| {
                Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value.as_str()?).ok()?))
            })
            .collect();
        let text = invoked.payload["body"].as_str().unwrap_or_default().to_owned();
        Response { asked, status: status.unwrap_or_default(), headers, text }
    }
}
