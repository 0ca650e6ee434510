//! Calls to a provider, without retries, within the client's timeout of five seconds and a limit for the answer's size.

use oauth2::{HttpRequest, HttpResponse};
use reqwest::{Client, Request, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use values::{Error, Result};

use crate::requests::{provider_refused, provider_unavailable};

/// More than any token, key set or list of email addresses has.
const MAX_BYTES: usize = 256 * 1024;
/// GitHub refuses requests without a user agent.
pub(crate) const USER_AGENT: &str = concat!("souk/", env!("CARGO_PKG_VERSION"));

/// Sends a request and parses the JSON answer. 401 `provider_refused` for 4xx, 503 `provider_unavailable` for every other failure.
pub(crate) async fn fetch_json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let answer = request.header(reqwest::header::USER_AGENT, USER_AGENT).send().await.map_err(outage)?;
    let status = answer.status();
    let body = body(answer).await?;
    match status {
        StatusCode::OK => serde_json::from_slice(&body).map_err(provider_unavailable),
        StatusCode::TOO_MANY_REQUESTS => Err(provider_unavailable("it received too many requests from us")),
        status if status.is_client_error() => Err(provider_refused(format!("it answered {status}"))),
        status => Err(provider_unavailable(format!("it answered {status}"))),
    }
}

/// Sends a request of `oauth2`. A success that contains an error, which GitHub sends, is changed into status 400.
pub(crate) async fn send_oauth_request(client: &Client, request: HttpRequest) -> Result<HttpResponse, Error> {
    let mut request = Request::try_from(request).map_err(Error::internal)?;
    request.headers_mut().insert(reqwest::header::USER_AGENT, reqwest::header::HeaderValue::from_static(USER_AGENT));
    let answer = client.execute(request).await.map_err(outage)?;
    let (mut status, headers) = (answer.status(), answer.headers().clone());
    let body = body(answer).await?;
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(provider_unavailable(format!("it answered {status}")));
    }
    if status.is_success() && has_error(&body) {
        status = StatusCode::BAD_REQUEST;
    }
    let mut response = HttpResponse::new(body);
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    Ok(response)
}

fn has_error(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|body| body["error"].is_string())
}

async fn body(mut answer: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(outage)? {
        body.extend_from_slice(&part);
        if body.len() > MAX_BYTES {
            return Err(provider_unavailable("its answer is larger than 256 KB"));
        }
    }
    Ok(body)
}

/// Removes the URL from the error, because it may contain secrets.
fn outage(error: reqwest::Error) -> Error {
    provider_unavailable(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_in_a_success_is_detected() {
        assert!(has_error(br#"{"error": "bad_verification_code", "error_description": "..."}"#));
        for fine in [&br#"{"access_token": "x"}"#[..], b"access_token=x", b"", b"[]", br#"{"error": null}"#] {
            assert!(!has_error(fine));
        }
    }
}
