//! One call of the provider over HTTPS.

use std::time::Duration;

use outbound::{SigningKey, read_body};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use values::{Error, Result, Timestamp};

/// An answer has at most a few kilobytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The longest pause before the second attempt to connect.
const MAX_PAUSE_MS: u64 = 100;

/// Where the provider is.
#[derive(Debug)]
pub(super) struct Endpoint {
    client: Client,
    url: String,
}

/// A message to the provider. It has no `Debug`, because a VAT id is personal data.
pub(super) struct Message<'a> {
    pub(super) path: &'a str,
    /// The idempotency key.
    pub(super) id: &'a str,
    pub(super) at: Timestamp,
    pub(super) body: Vec<u8>,
}

impl Endpoint {
    pub(super) fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends a message and parses the answer; none if the provider refuses the message for good. Every other answer is an outage, and an
    /// internal error if the provider does not accept our signature.
    pub(super) async fn post<T: DeserializeOwned>(&self, key: &SigningKey, message: Message<'_>) -> Result<Option<T>> {
        let Message { path, id, at, body } = message;
        let mut request = self.client.post(format!("{}{path}", self.url)).header(CONTENT_TYPE, "application/json");
        for (name, value) in key.headers(id, at, &body) {
            request = request.header(name, value);
        }
        let answer = send(request.body(body)).await.map_err(|error| outage(error.without_url()))?;
        let status = answer.status();
        let body = read_body(answer, MAX_ANSWER_BYTES).await.map_err(outage)?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body).map(Some).map_err(outage),
            StatusCode::UNPROCESSABLE_ENTITY => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::internal(format!(
                "the tax provider does not accept our signature ({status}): check the TaxProviderSecret"
            ))),
            status => Err(outage(format!("it answered {status}"))),
        }
    }
}

/// Sends a request. If there was no connection, nothing has reached the provider, so it is sent once more after a pause of random length.
async fn send(request: RequestBuilder) -> reqwest::Result<Response> {
    let copy = request.try_clone();
    match (request.send().await, copy) {
        (Err(error), Some(copy)) if error.is_connect() => {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=MAX_PAUSE_MS))).await;
            copy.send().await
        }
        (answer, _) => answer,
    }
}

fn outage(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable("tax provider", cause)
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
