//! Requests to the API over HTTP, with or without credentials.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use crate::{Response, unique};

/// A client of the API with an access token, an API key, an order's token, or none of them.
#[derive(Debug, Clone)]
pub struct Api {
    http: Client,
    base: String,
    token: Option<String>,
    key: Option<String>,
    order_token: Option<String>,
}

/// A request that is not sent yet.
#[derive(Debug)]
pub struct Call {
    request_line: String,
    request: RequestBuilder,
}

impl Api {
    /// A client without credentials.
    pub fn anonymous(http: Client, base: &str) -> Self {
        Self { http, base: base.trim_end_matches('/').to_owned(), token: None, key: None, order_token: None }
    }

    /// The same client with an access token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client without an access token.
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same client with an API key, beside an access token if there is one.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same client with a guest order's token.
    pub fn with_order_token(&self, token: &str) -> Self {
        Self { order_token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request with any method. `path` begins with a slash.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = &self.key {
            request = request.header("X-Api-Key", key);
        }
        if let Some(token) = &self.order_token {
            request = request.header("X-Order-Token", token);
        }
        Call { request_line: format!("{method} {path}"), request }
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).send().await
    }

    /// Sends a POST request with a new idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.call(Method::POST, path).idempotency_key(&unique("key")).json(body).send().await
    }

    /// Sends a PUT request.
    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.call(Method::PUT, path).json(body).send().await
    }

    /// Sends a DELETE request.
    pub async fn delete(&self, path: &str) -> Response {
        self.call(Method::DELETE, path).send().await
    }
}

impl Call {
    /// Adds a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Adds an Idempotency-Key.
    #[must_use]
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    /// Sets a body of any media type.
    #[must_use]
    pub fn text(self, media_type: &str, body: String) -> Self {
        self.bytes(media_type, body.into_bytes())
    }

    /// Sets a body of any bytes.
    #[must_use]
    pub fn bytes(self, media_type: &str, body: Vec<u8>) -> Self {
        Self { request: self.request.header(CONTENT_TYPE, media_type).body(body), ..self }
    }

    /// Sends the request and reads the whole response.
    pub async fn send(self) -> Response {
        let Self { request_line, request } = self;
        let response =
            request.send().await.unwrap_or_else(|error| panic!("{request_line} should get a response: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response
            .text()
            .await
            .unwrap_or_else(|error| panic!("{request_line} should send its whole body: {error:?}"));
        Response { request_line, status, headers, text }
    }
}
