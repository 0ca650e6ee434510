//! The layers every HTTP function wears, outermost first: the request's id and log line, problems, panics, security headers.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Instant;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use lambda_http::request::RequestContext;
use lambda_http::tower::ServiceExt;
use lambda_http::{Body, RequestExt};
use tracing::{Instrument, info, info_span};
use values::{Clock, Error, EventId, Kind};

use crate::problem::{self, ApiError};

/// API Gateway answers 431 itself beyond 10,240 bytes, without what it adds; where something else stands before souk, souk does.
const MOST_HEADER_BYTES: usize = 12 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of this request: the caller's own `X-Request-Id`, or API Gateway's, or a new one.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Serves a function's routes until Lambda ends it.
pub async fn run(routes: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(ServiceExt::<lambda_http::Request>::map_response(with_layers(routes), ForLambda)).await
}

/// An answer that goes to Lambda as text if it is UTF-8, and as base64 if not. lambda_http's own way asks for the charset, and
/// brings 155 KB of tables for those that nobody writes.
struct ForLambda(Response);

impl lambda_http::IntoResponse for ForLambda {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> {
        Box::pin(async {
            let (head, body) = self.0.into_parts();
            // Every body of ours is in memory already: it can be read, and is no larger than it is.
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let body = String::from_utf8(bytes.into()).map_or_else(|error| error.into_bytes().into(), Body::from);
            http::Response::from_parts(head, body)
        })
    }
}

/// Routes with the layers on, as [`run`] serves them.
pub fn with_layers(routes: Router) -> Router {
    routes
        .fallback(|| async {
            ApiError::from(Error::new(Kind::NotFound, "not_found", "There is nothing at this path."))
        })
        .method_not_allowed_fallback(|| async {
            ApiError::from(Error::new(
                Kind::MethodNotAllowed,
                "method_not_allowed",
                "This path does not know this method.",
            ))
        })
        .layer(middleware::from_fn(layers))
}

fn bounded(headers: &HeaderMap) -> values::Result<()> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes <= MOST_HEADER_BYTES {
        return Ok(());
    }
    let detail = "The headers are larger than 10 KB: send fewer or smaller ones (cookies?).";
    Err(Error::new(Kind::HeadersTooLarge, "headers_too_large", detail))
}

async fn layers(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    // The pattern, not the path: a path may hold what does not belong in a log.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = info_span!("request", correlation.id = id, http.method = %request.method(), http.route = route);
    async {
        let answer = match bounded(request.headers()) {
            Err(error) => Ok(ApiError::from(error).into_response()),
            Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await,
        };
        let answer = answer.unwrap_or_else(|_| ApiError::from(Error::internal("a handler panicked")).into_response());
        let mut answer = problem::written(answer, &id);
        secure(answer.headers_mut());
        if let Ok(value) = HeaderValue::from_str(&id) {
            answer.headers_mut().insert(REQUEST_ID, value);
        }
        info!(http.status = answer.status().as_u16(), duration_ms = started.elapsed().as_secs_f64() * 1e3, "answered");
        answer
    }
    .instrument(span)
    .await
}

fn request_id(request: &Request) -> String {
    let plain = |id: &&str| {
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:=/+".contains(&b))
    };
    let own = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
    own.map(str::to_owned).unwrap_or_else(|| {
        let gateway = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
            _ => None,
        };
        gateway.unwrap_or_else(fresh_id)
    })
}

fn fresh_id() -> String {
    let id: EventId = Clock::System.mint();
    id.to_string()
}

fn secure(headers: &mut HeaderMap) {
    let fixed = [
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page of ours, or a list that may be cached, says so itself.
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(body: &'static [u8]) -> Body {
        lambda_http::IntoResponse::into_response(ForLambda(body.into_response())).await.into_body()
    }

    #[tokio::test]
    async fn text_goes_to_lambda_as_text_and_anything_else_as_bytes() {
        assert_eq!(sent("café".as_bytes()).await, Body::Text("café".to_owned()));
        assert_eq!(sent(b"").await, Body::Text(String::new()));
        assert_eq!(sent(b"\xff\x00").await, Body::Binary(vec![0xff, 0x00]));
    }
}
