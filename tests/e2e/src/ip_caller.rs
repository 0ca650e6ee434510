//! Calls from other IP addresses: functions are invoked with the events that API Gateway would send.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::{Checkout, Functions, Order, Response, SIGNED_IN, Shop};

/// A caller with an IP address of its own.
#[derive(Debug, Clone)]
pub struct IpCaller {
    functions: Functions,
    source: String,
    headers: Vec<(&'static str, String)>,
}

impl Shop {
    /// A caller at that IP address.
    pub fn from(&self, source: &str) -> IpCaller {
        IpCaller { functions: self.functions.clone(), source: source.to_owned(), headers: Vec::new() }
    }

    /// A caller at an IP address that no other caller has, nor had in an earlier run.
    pub fn from_new_ip(&self) -> IpCaller {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Limits count by /56: the first three groups and a half name the network.
        let (time, count) =
            ((since.as_micros() as u64 >> 8) & 0xff_ffff, COUNT.fetch_add(1, Ordering::Relaxed) & 0xffff);
        let name = (time << 16) | u64::from(count);
        let source = format!("2001:{:x}:{:x}:{:x}::1", name >> 24, (name >> 8) & 0xffff, (name & 0xff) << 8);
        self.from(&source)
    }
}

impl IpCaller {
    /// The same caller with headers that claim another IP address.
    #[must_use]
    pub fn forwarded_for(&self, forwarded: &str) -> Self {
        self.with_header("x-forwarded-for", forwarded).with_header("forwarded", &format!("for={forwarded}"))
    }

    /// The same caller with another header.
    #[must_use]
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut caller = self.clone();
        caller.headers.push((name, value.to_owned()));
        caller
    }

    /// The caller's IP address.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Sends a POST request to `auth`.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.calls(("auth", "ANY /api/v1/auth/{proxy+}"), ("POST", path, ""), &body.to_string()).await
    }

    /// Tries to write a review without a credential. The answer is a 401, or a 429.
    pub async fn reviews(&self) -> Response {
        let path = "/api/v1/products/prd_00000000000000000000000000/reviews";
        self.calls(("products", "ANY /api/v1/products/{proxy+}"), ("POST", path, ""), "{}").await
    }

    /// Asks for suggestions.
    pub async fn suggests(&self) -> Response {
        let path = "/api/v1/products/suggest";
        self.calls(("search", "ANY /api/v1/products/suggest"), ("GET", path, "q=mug"), "").await
    }

    /// Begins a sign-in and stops there.
    pub async fn begins_sign_in(&self) -> Response {
        let (path, query) = ("/api/v1/auth/oauth/google", format!("redirect={SIGNED_IN}"));
        self.calls(("oauth", "ANY /api/v1/auth/oauth/{proxy+}"), ("GET", path, &query), "").await
    }

    /// Tries to place an order as a guest with that email address.
    pub async fn tries_to_place(&self, checkout: &Checkout, email: &str) -> Response {
        let mut body = checkout.body.clone();
        body["email"] = email.into();
        let request = ("POST", "/api/v1/orders", "");
        let caller = self.with_header("idempotency-key", &checkout.key);
        caller.calls(("orders", "ANY /api/v1/orders"), request, &body.to_string()).await
    }

    /// Places an order as a guest; returns it and the token that reads it.
    pub async fn places(&self, checkout: &Checkout, email: &str) -> (Order, String) {
        let order = Order(self.tries_to_place(checkout, email).await.expect(201).json());
        let token = order.0["orderToken"].as_str().unwrap_or_default().to_owned();
        (order, token)
    }

    /// Cancels an order as the holder of its token.
    pub async fn cancels(&self, order: &Order, token: &str) -> Response {
        let path = format!("/api/v1/orders/{}/cancel", order.id());
        let holder = self.with_header("x-order-token", token);
        let body = json!({ "reason": "Changed my mind" });
        holder.calls(("orders", "ANY /api/v1/orders/{proxy+}"), ("POST", &path, ""), &body.to_string()).await
    }

    async fn calls(
        &self,
        (function, route): (&str, &str),
        (method, path, query): (&str, &str, &str),
        body: &str,
    ) -> Response {
        let mut headers = json!({ "content-type": "application/json", "host": "api.example.com" });
        for (name, value) in &self.headers {
            headers[name] = json!(value);
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
        let result = self.functions.invoke(function, event.to_string()).await;
        let request_line = format!("{method} {path} from {}", self.source);
        assert!(result.error.is_none(), "{request_line} should not fail: {}", result.payload);
        let status = result.payload["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let headers = result.payload["headers"].as_object().into_iter().flatten();
        let headers: HeaderMap = headers
            .filter_map(|(name, value)| {
                Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value.as_str()?).ok()?))
            })
            .collect();
        let text = result.payload["body"].as_str().unwrap_or_default().to_owned();
        Response { request_line, status: status.unwrap_or_default(), headers, text }
    }
}
