//! Redirects of the browser. The layers of http-kit forbid caching and referrers for all of them.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use http_kit::{ApiError, ApiResult, add_rate_limit};
use identity::{PendingSignIn, RateLimited};
use oauth2::url::Url;
use tracing::{error, info};
use values::{Error, Result};

/// Redirects to the provider, with the cookie of the sign-in.
pub(crate) fn redirect_to_provider(url: &Url, cookie: &str) -> Response {
    redirect(url, cookie)
}

/// Redirects to the front end, with the code or the error code, and removes the cookie.
pub(crate) fn redirect_to_front_end(
    pending: &PendingSignIn,
    outcome: Result<String>,
    cookie: &str,
) -> Result<Response> {
    let mut url = Url::parse(&pending.redirect).map_err(Error::internal)?;
    match &outcome {
        Ok(code) => url.query_pairs_mut().append_pair("code", code),
        Err(error) => url.query_pairs_mut().append_pair("error", log_error(error)),
    };
    if let Some(echo) = &pending.echo {
        url.query_pairs_mut().append_pair("state", echo);
    }
    Ok(redirect(&url, cookie))
}

/// The answer to a counted attempt, with the rate limit headers on success and on failure.
pub(crate) fn rate_limited<T>(limited: RateLimited<T>, shape: impl FnOnce(T) -> Result<Response>) -> ApiResult {
    let RateLimited { status, outcome } = limited;
    let mut answer = outcome.and_then(shape).unwrap_or_else(|error| ApiError::from(error).into_response());
    add_rate_limit(answer.headers_mut(), status);
    Ok(answer)
}

/// Logs an error, because it is handled here, and returns its code.
fn log_error(error: &Error) -> &'static str {
    if error.is_outage() {
        error!(error.code = error.code, error.cause = error.causes(), "{}", error.detail);
    } else {
        info!(error.code = error.code, error.cause = error.causes(), "sign-in refused");
    }
    error.code
}

fn redirect(url: &Url, cookie: &str) -> Response {
    let mut answer = (StatusCode::FOUND, [(header::LOCATION, url.as_str())]).into_response();
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
        let pending = json!({
            "provider": "github", "redirect": redirect, "echo": echo, "verifier": "v", "nonce": "n", "browser": "b",
            "expiresAt": 0,
        });
        let pending: PendingSignIn = serde_json::from_value(pending).unwrap();
        let answer = redirect_to_front_end(&pending, outcome, "a=; Max-Age=0").unwrap();
        assert_eq!(
            (answer.status(), answer.headers()["set-cookie"].to_str().unwrap()),
            (StatusCode::FOUND, "a=; Max-Age=0")
        );
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    #[test]
    fn front_end_gets_a_code_or_an_error_and_its_own_state() {
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
