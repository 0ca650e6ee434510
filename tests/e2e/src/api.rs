//! The API over HTTP, as somebody (or nobody) in particular.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use crate::{Response, unique};

/// A client of the API with one person's token, an API key, an order's token, or none.
#[derive(Debug, Clone)]
pub struct Api {
    http: Client,
    base: String,
    token: Option<String>,
    key: Option<String>,
    order_token: Option<String>,
}

/// A request that is being put together.
#[derive(Debug)]
pub struct Call {
    asked: String,
    request: RequestBuilder,
}

impl Api {
    /// Without a token.
    pub fn anonymous(http: Client, base: &str) -> Self {
        Self { http, base: base.trim_end_matches('/').to_owned(), token: None, key: None, order_token: None }
    }

    /// The same API with a token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same API as nobody in particular.
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same API with an API key, beside a token if there is one.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same API as whoever holds an order's token.
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
        Call { asked: format!("{method} {path}"), request }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).send().await
    }

    /// POST with a new idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.call(Method::POST, path).idempotency_key(&unique("key")).json(body).send().await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.call(Method::PUT, path).json(body).send().await
    }

    /// DELETE.
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

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    /// With a body of any kind.
    #[must_use]
    pub fn text(self, media_type: &str, body: String) -> Self {
        Self { request: self.request.header(CONTENT_TYPE, media_type).body(body), ..self }
    }

    /// Sends it and reads the answer to its end.
    pub async fn send(self) -> Response {
        let Self { asked, request } = self;
        let response = request.send().await.unwrap_or_else(|error| panic!("{asked} got no answer: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{asked} broke off: {error:?}"));
        Response { asked, status, headers, text }
    }
}
