//! The layers of every HTTP function, outermost first: the request's id and log line, security headers, problems, panics, checks of the
//! headers.

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

use crate::credential::Credential;
use crate::problem::{self, ApiError};

/// API Gateway itself answers 431 beyond 10,240 bytes; the rest is room for the headers that it adds. Other gateways may have no limit.
const MAX_HEADER_BYTES: usize = 12 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: the caller's `X-Request-Id`, or the id of API Gateway, or a new one.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Serves the routes of a function until Lambda stops it.
pub async fn run(routes: Router) -> Result<(), lambda_http::Error> {
    lambda_http::run(ServiceExt::<lambda_http::Request>::map_response(with_layers(routes), LambdaResponse)).await
}

/// A response for Lambda: as text if it is UTF-8, otherwise as base64. The conversion of lambda_http reads the charset and links 155 KB of
/// tables for charsets that souk never uses.
struct LambdaResponse(Response);

impl lambda_http::IntoResponse for LambdaResponse {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> {
        Box::pin(async {
            let (head, body) = self.0.into_parts();
            // Every body of souk is in memory already, so this cannot fail and needs no limit.
            let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let body = String::from_utf8(bytes.into()).map_or_else(|error| error.into_bytes().into(), Body::from);
            http::Response::from_parts(head, body)
        })
    }
}

/// Adds the layers to routes, as [`run`] does.
pub fn with_layers(routes: Router) -> Router {
    routes
        .fallback(|| async { ApiError::from(Error::new(Kind::NotFound, "not_found", "This path does not exist.")) })
        .method_not_allowed_fallback(|| async {
            ApiError::from(Error::new(
                Kind::MethodNotAllowed,
                "method_not_allowed",
                "This path does not support this method.",
            ))
        })
        .layer(middleware::from_fn(handle))
}

fn check_size(headers: &HeaderMap) -> values::Result<()> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes <= MAX_HEADER_BYTES {
        return Ok(());
    }
    let detail = "The headers are larger than 10 KB. Send fewer or smaller headers, for example fewer cookies.";
    Err(Error::new(Kind::HeadersTooLarge, "headers_too_large", detail))
}

/// Checks that a request has one credential at most, on every route, whether or not it reads the caller. Exempt are the probes, and the
/// webhooks, where a provider may use these headers for its own signature.
fn check_credential(route: &str, headers: &HeaderMap) -> values::Result<()> {
    let is_exempt = route.ends_with("/health") || route.ends_with("/ready") || route.contains("/webhooks/");
    if is_exempt { Ok(()) } else { Credential::of(headers).map(drop) }
}

async fn handle(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    // The pattern, not the path: a path may contain data that must not be logged.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = info_span!("request", correlation.id = id, http.method = %request.method(), http.route = route.as_str());
    async {
        let response = match check_size(request.headers()).and_then(|()| check_credential(&route, request.headers())) {
            Err(error) => Ok(ApiError::from(error).into_response()),
            Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await,
        };
        let panicked = |_| ApiError::from(Error::internal("a handler panicked")).into_response();
        let mut response = problem::write_problem(response.unwrap_or_else(panicked), &id);
        add_security_headers(response.headers_mut());
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        let duration_ms = started.elapsed().as_secs_f64() * 1e3;
        info!(http.status = response.status().as_u16(), duration_ms, "request answered");
        response
    }
    .instrument(span)
    .await
}

fn request_id(request: &Request) -> String {
    let is_plain = |id: &&str| {
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:=/+".contains(&b))
    };
    let own = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_plain);
    own.map(str::to_owned).unwrap_or_else(|| {
        let gateway = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
            _ => None,
        };
        gateway.unwrap_or_else(new_request_id)
    })
}

fn new_request_id() -> String {
    let id: EventId = Clock::System.mint();
    id.to_string()
}

fn add_security_headers(headers: &mut HeaderMap) {
    let fixed = [
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A handler that serves a page or a response for caches sets these itself.
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
    use axum::routing::get;

    async fn body_of(body: &'static [u8]) -> Body {
        lambda_http::IntoResponse::into_response(LambdaResponse(body.into_response())).await.into_body()
    }

    #[tokio::test]
    async fn utf8_body_becomes_text_and_any_other_body_bytes() {
        assert_eq!(body_of("café".as_bytes()).await, Body::Text("café".to_owned()));
        assert_eq!(body_of(b"").await, Body::Text(String::new()));
        assert_eq!(body_of(b"\xff\x00").await, Body::Binary(vec![0xff, 0x00]));
    }

    async fn answer(path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let routes = ["/products", "/health", "/api/v1/ready", "/payments/webhooks/stripe"];
        let routes =
            routes.into_iter().fold(Router::new(), |router, path| router.route(path, get(|| async { "done" })));
        let mut request = http::Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = with_layers(routes).oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn two_credentials_are_refused_on_a_route_that_reads_no_caller() {
        let both = [("authorization", "Bearer x"), ("x-api-key", "sk_x")];
        for path in ["/products", "/nowhere"] {
            let (status, body) = answer(path, &both).await;
            assert!(status == 400 && body.contains("\"code\":\"ambiguous_credentials\""), "{path}: {status} {body}");
        }
        for one in both {
            assert_eq!(answer("/products", &[one]).await.0, 200);
        }
    }

    #[tokio::test]
    async fn probes_and_webhooks_do_not_check_credentials() {
        for path in ["/health", "/api/v1/ready", "/payments/webhooks/stripe"] {
            assert_eq!(answer(path, &[("authorization", "x"), ("x-api-key", "x")]).await.0, 200, "{path}");
        }
    }
}
