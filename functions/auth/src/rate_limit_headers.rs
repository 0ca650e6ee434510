//! The caller's rate limit status in the headers of an answer (RateLimit fields of the IETF draft's version 03, which most clients
//! know).

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use http_kit::{ApiError, ApiResult};
use identity::RateLimited;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The answer to a counted attempt, with the headers on success and on failure.
pub(crate) fn rate_limited<T>(limited: RateLimited<T>, shape: impl FnOnce(T) -> Response) -> ApiResult {
    let RateLimited { status, outcome } = limited;
    let mut answer = outcome.map_or_else(|error| ApiError::from(error).into_response(), shape);
    for (name, number) in [(LIMIT, status.limit()), (REMAINING, status.remaining()), (RESET, status.reset_seconds())] {
        answer.headers_mut().insert(name, HeaderValue::from(number));
    }
    Ok(answer)
}
