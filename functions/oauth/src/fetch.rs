//! Asking a provider, with bounds: the client's five seconds, and as many bytes as such an answer may have. Nothing is asked twice.

use oauth2::{HttpRequest, HttpResponse};
use reqwest::{Client, Request, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use values::{Error, Result};

use crate::bodies::{refused, unavailable};

/// More than any token, key set or list of addresses has.
const MOST_BYTES: usize = 256 * 1024;
/// GitHub refuses whoever does not say who they are.
pub(crate) const USER_AGENT: &str = concat!("souk/", env!("CARGO_PKG_VERSION"));

/// Asks for JSON. 4xx is a refusal, everything else but a success an outage.
pub(crate) async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let answer = request.header(reqwest::header::USER_AGENT, USER_AGENT).send().await.map_err(lost)?;
    let status = answer.status();
    let body = body(answer).await?;
    match status {
        StatusCode::OK => serde_json::from_slice(&body).map_err(unavailable),
        StatusCode::TOO_MANY_REQUESTS => Err(unavailable("it has had too many requests of ours")),
        status if status.is_client_error() => Err(refused(format!("it answered {status}"))),
        status => Err(unavailable(format!("it answered {status}"))),
    }
}

/// Hands a request of `oauth2` to our client. An error in a success (GitHub's way to refuse) is made the status that it should have been.
pub(crate) async fn exchanged(client: &Client, request: HttpRequest) -> Result<HttpResponse, Error> {
    let mut request = Request::try_from(request).map_err(Error::internal)?;
    request.headers_mut().insert(reqwest::header::USER_AGENT, reqwest::header::HeaderValue::from_static(USER_AGENT));
    let answer = client.execute(request).await.map_err(lost)?;
    let (mut status, headers) = (answer.status(), answer.headers().clone());
    let body = body(answer).await?;
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(unavailable(format!("it answered {status}")));
    }
    if status.is_success() && says_error(&body) {
        status = StatusCode::BAD_REQUEST;
    }
    let mut exchanged = HttpResponse::new(body);
    (*exchanged.status_mut(), *exchanged.headers_mut()) = (status, headers);
    Ok(exchanged)
}

fn says_error(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|body| body["error"].is_string())
}

async fn body(mut answer: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(lost)? {
        body.extend_from_slice(&part);
        if body.len() > MOST_BYTES {
            return Err(unavailable("its answer is longer than 256 KB"));
        }
    }
    Ok(body)
}

/// Without the address, which may hold what is nobody's business.
fn lost(error: reqwest::Error) -> Error {
    unavailable(error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_success_is_seen() {
        assert!(says_error(br#"{"error": "bad_verification_code", "error_description": "..."}"#));
        for fine in [&br#"{"access_token": "x"}"#[..], b"access_token=x", b"", b"[]", br#"{"error": null}"#] {
            assert!(!says_error(fine));
        }
    }
}
