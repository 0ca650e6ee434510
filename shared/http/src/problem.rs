//! Errors as RFC 9457 `application/problem+json`: the one place that maps a kind to a status.

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use telemetry::{SecurityEvent, SecurityKind};
use tracing::{error, info};
use values::{Error, FieldError, Kind};

/// The error of a handler. The outermost layer writes it, because only that layer knows the request's id.
pub struct ApiError {
    pub(crate) error: Error,
    members: Map<String, Value>,
}

impl fmt::Debug for ApiError {
    /// Without the members, which may contain a secret of the caller.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self { error, members: Map::new() }
    }
}

impl ApiError {
    /// An error with more members in its problem document (RFC 9457, 3.2), for programs. No log has them.
    #[must_use]
    pub fn with_members(error: Error, members: Map<String, Value>) -> Self {
        Self { error, members }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Kind::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Replaces `response` by a problem document if a handler left an error in it, and logs the error. An exceeded rate limit of `actor` is
/// also a security event.
pub(crate) fn write_problem(mut response: Response, request_id: &str, actor: &str) -> Response {
    let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() else { return response };
    let ApiError { error, members } = &*error;
    let status = status(error.kind);
    let cause = error.causes();
    if status.is_server_error() {
        error!(error.code = error.code, error.cause = cause, "{}", error.detail);
    } else {
        info!(error.code = error.code, error.cause = cause, "request refused");
    }
    if matches!(error.kind, Kind::RateLimited(_)) {
        SecurityEvent::new(SecurityKind::LimitReached, actor, SecurityEvent::NOBODY).with_detail(error.code).log();
    }
    let document = Problem {
        r#type: format!("urn:souk:problem:{}", error.code),
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: &error.detail,
        code: error.code,
        request_id,
        errors: &error.fields,
        members,
    };
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let mut problem = Response::new(Body::from(body));
    *problem.status_mut() = status;
    let headers = problem.headers_mut();
    // The rate limit and the allowed methods also hold for an error. All other headers belong to the response that was replaced.
    let is_kept = |name: &HeaderName| name == header::ALLOW || name.as_str().starts_with("ratelimit-");
    headers.extend(response.headers().iter().filter(|(name, _)| is_kept(name)).map(|(n, v)| (n.clone(), v.clone())));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Kind::RateLimited(seconds) | Kind::Unavailable(seconds) = error.kind {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.kind == Kind::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_keeps_the_rate_limit_and_drops_other_headers() {
        let mut response = ApiError::from(Error::new(Kind::RateLimited(7), "rate_limited", "Wait.")).into_response();
        let headers = [("ratelimit-remaining", "0"), ("allow", "POST"), ("cache-control", "public"), ("etag", "\"1\"")];
        for (name, value) in headers {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let problem = write_problem(response, "a request", "guest");
        let header = |name: &str| problem.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(
            (header("ratelimit-remaining"), header("allow"), header("retry-after")),
            (Some("0"), Some("POST"), Some("7"))
        );
        assert_eq!((header("cache-control"), header("etag")), (None, None));
    }
}
