//! Answers that send a browser on. None is kept by a cache, and none tells the next page where it came from (the layers see to that).

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_kit::{ApiError, ApiResult};
use identity::{Attempt, Counted};
use oauth2::url::Url;
use tracing::{error, info};
use values::{Error, Result};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// To the provider, with the attempt's cookie.
pub(crate) fn leave(address: &Url, cookie: &str) -> Response {
    sent_to(address, cookie)
}

/// To the front end, with the code or with what went wrong, and without the cookie.
pub(crate) fn back(attempt: &Attempt, outcome: Result<String>, cookie: &str) -> Result<Response> {
    let mut address = Url::parse(&attempt.redirect).map_err(Error::internal)?;
    match &outcome {
        Ok(code) => address.query_pairs_mut().append_pair("code", code),
        Err(error) => address.query_pairs_mut().append_pair("error", told(error)),
    };
    if let Some(echo) = &attempt.echo {
        address.query_pairs_mut().append_pair("state", echo);
    }
    Ok(sent_to(&address, cookie))
}

/// The answer to what was counted, whatever became of it, with how the caller stands.
pub(crate) fn counted<T>(counted: Counted<T>, shape: impl FnOnce(T) -> Result<Response>) -> ApiResult {
    let Counted { standing, outcome } = counted;
    let mut answer = outcome.and_then(shape).unwrap_or_else(|error| ApiError::from(error).into_response());
    for (name, number) in
        [(LIMIT, standing.limit()), (REMAINING, standing.remaining()), (RESET, standing.reset_seconds())]
    {
        answer.headers_mut().insert(name, HeaderValue::from(number));
    }
    Ok(answer)
}

/// The stable code of a failure. It is handled here, so it is logged here.
fn told(error: &Error) -> &'static str {
    if error.is_outage() {
        error!(error.code = error.code, error.cause = error.causes(), "{}", error.detail);
    } else {
        info!(error.code = error.code, error.cause = error.causes(), "refused");
    }
    error.code
}

fn sent_to(address: &Url, cookie: &str) -> Response {
    let mut answer = (StatusCode::FOUND, [(header::LOCATION, address.as_str())]).into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::Kind;

    fn location(redirect: &str, echo: Option<&str>, outcome: Result<String>) -> String {
        let attempt = json!({
            "provider": "github", "redirect": redirect, "echo": echo, "verifier": "v", "nonce": "n", "browser": "b",
            "expiresAt": 0,
        });
        let attempt: Attempt = serde_json::from_value(attempt).unwrap();
        let answer = back(&attempt, outcome, "a=; Max-Age=0").unwrap();
        assert_eq!(
            (answer.status(), answer.headers()["set-cookie"].to_str().unwrap()),
            (StatusCode::FOUND, "a=; Max-Age=0")
        );
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_front_end_hears_a_code_or_an_error_and_what_it_said_itself() {
        let page = "https://shop.example/signed-in";
        let denied = || Err(Error::new(Kind::Forbidden, "access_denied", "No."));
        assert_eq!(location(page, None, Ok("c-_1".into())), format!("{page}?code=c-_1"));
        assert_eq!(
            location(page, Some("a&code=b"), denied()),
            format!("{page}?error=access_denied&state=a%26code%3Db")
        );
        assert_eq!(location(&format!("{page}?x=1"), None, Ok("c".into())), format!("{page}?x=1&code=c"));
    }
}
