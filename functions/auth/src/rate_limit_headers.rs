//! The limit status of a counted attempt in the headers of its answer.

use axum::response::{IntoResponse, Response};
use http_kit::{ApiError, ApiResult, add_rate_limit};
use identity::RateLimited;

/// The answer to a counted attempt, with the headers on success and on failure.
pub(crate) fn rate_limited<T>(limited: RateLimited<T>, shape: impl FnOnce(T) -> Response) -> ApiResult {
    let RateLimited { status, outcome } = limited;
    let mut answer = outcome.map_or_else(|error| ApiError::from(error).into_response(), shape);
    add_rate_limit(answer.headers_mut(), status);
    Ok(answer)
}
