//! How a caller stands, in the headers of an answer (the IETF's draft of RateLimit fields, as it was when most clients learnt them).

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use http_kit::{ApiError, ApiResult};
use identity::Counted;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The answer to what was counted, whatever became of it.
pub(crate) fn counted<T>(counted: Counted<T>, shape: impl FnOnce(T) -> Response) -> ApiResult {
    let Counted { standing, outcome } = counted;
    let mut answer = outcome.map_or_else(|error| ApiError::from(error).into_response(), shape);
    for (name, number) in
        [(LIMIT, standing.limit()), (REMAINING, standing.remaining()), (RESET, standing.reset_seconds())]
    {
        answer.headers_mut().insert(name, HeaderValue::from(number));
    }
    Ok(answer)
}
