//! The layers of every HTTP function, outermost first: the request's id and log line, security headers, problems, panics, checks of the
//! headers, the rate limit.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use lambda_http::Body;
use lambda_http::request::RequestContext;
use lambda_http::tower::ServiceExt;
use tracing::{Instrument, info, info_span};
use values::{Clock, Error, EventId, Kind};

use crate::body;
use crate::credential::Credential;
use crate::problem::{self, ApiError};
use crate::rate_limit::RateLimiter;
use crate::request_actor::RequestActor;
use crate::source_ip::SourceIp;
use crate::trusted_edge::TrustedEdge;

/// API Gateway itself answers 431 beyond 10,240 bytes; the rest is room for the headers that it adds. Other gateways may have no limit.
const MAX_HEADER_BYTES: usize = 12 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest `X-Request-Id` of a caller that log lines repeat.
const MAX_CLIENT_ID_BYTES: usize = 128;

/// The id of a request: that of API Gateway, or a new one. Callers cannot choose it, so that nobody can mix their events and log lines
/// with those of others.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Serves the routes of a function until Lambda stops it. Every route is limited, because there is no other way to serve one. Reads
/// `SOUK_EDGE_SECRETS`.
pub async fn run(routes: Router, limiter: RateLimiter) -> Result<(), lambda_http::Error> {
    let layers = Layers { limiter: Some(limiter), edge: TrustedEdge::from_env()? };
    let service = ServiceExt::<lambda_http::Request>::map_response(with_layers(routes, layers), LambdaResponse);
    lambda_http::run(ServiceExt::<lambda_http::Request>::map_request(service, body::note_exact_bytes)).await
}

/// What the layers know beside the request.
#[derive(Debug, Default)]
struct Layers {
    /// None in unit tests only.
    limiter: Option<RateLimiter>,
    edge: Option<TrustedEdge>,
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

fn with_layers(routes: Router, layers: Layers) -> Router {
    routes
        .fallback(|| async { ApiError::from(Error::new(Kind::NotFound, "not_found", "This path does not exist.")) })
        .method_not_allowed_fallback(|| async {
            ApiError::from(Error::new(
                Kind::MethodNotAllowed,
                "method_not_allowed",
                "This path does not support this method.",
            ))
        })
        // Shared: axum copies it some ten times for each route, and for each request.
        .layer(middleware::from_fn_with_state(Arc::new(layers), handle))
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

async fn handle(State(layers): State<Arc<Layers>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let (id, actor) = (request_id(&parts), RequestActor::default());
    parts.extensions.insert(RequestId(id.clone()));
    parts.extensions.insert(actor.clone());
    if let Some(source) = layers.edge.as_ref().and_then(|edge| edge.source_ip(&mut parts.headers)) {
        parts.extensions.insert(SourceIp(Some(source)));
    }
    // The pattern, not the path: a path may contain data that must not be logged.
    let route = parts.extensions.get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = info_span!(
        "request",
        correlation.id = id,
        clientRequestId = client_request_id(&parts.headers),
        network = layers.network_digest(&parts),
        http.method = %parts.method,
        http.route = route.as_str(),
    );
    async {
        let response = match check_size(&parts.headers).and_then(|()| check_credential(&route, &parts.headers)) {
            Err(error) => Ok(ApiError::from(error).into_response()),
            Ok(()) => {
                let request = Request::from_parts(parts, body);
                AssertUnwindSafe(layers.answer(&route, request, next)).catch_unwind().await
            }
        };
        let panicked = |_| ApiError::from(Error::internal("a handler panicked")).into_response();
        let mut response = problem::write_problem(response.unwrap_or_else(panicked), &id, actor.name());
        add_security_headers(response.headers_mut());
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        let duration_ms = started.elapsed().as_secs_f64() * 1e3;
        info!(http.status = response.status().as_u16(), duration_ms, actor = actor.name(), "request answered");
        response
    }
    .instrument(span)
    .await
}

impl Layers {
    async fn answer(&self, route: &str, request: Request, next: Next) -> Response {
        match &self.limiter {
            Some(limiter) => limiter.run(route, request, next).await,
            None => next.run(request).await,
        }
    }

    /// The network that a request comes from, as log lines show it. None without a source IP address.
    fn network_digest(&self, parts: &Parts) -> Option<String> {
        let source = SourceIp::of(parts);
        source.0.as_ref()?;
        Some(self.limiter.as_ref()?.network_digest(&source.network()))
    }
}

fn request_id(parts: &Parts) -> String {
    let gateway = match parts.extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    gateway.unwrap_or_else(new_request_id)
}

/// The caller's own id of the request, for log lines only. An id that is too long or has other characters is ignored.
fn client_request_id(headers: &HeaderMap) -> Option<&str> {
    let is_plain = |id: &&str| {
        (1..=MAX_CLIENT_ID_BYTES).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:=/+".contains(&b))
    };
    headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_plain)
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
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
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
        let response = with_layers(routes, Layers::default())
            .oneshot(request.body(axum::body::Body::empty()).unwrap())
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// `default-src` does not stand for `base-uri` and `form-action` (Content Security Policy Level 3, 6.1).
    #[test]
    fn policy_of_an_answer_allows_nothing() {
        let mut headers = HeaderMap::new();
        add_security_headers(&mut headers);
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for directive in ["default-src", "base-uri", "form-action", "frame-ancestors"] {
            assert!(policy.split("; ").any(|part| part == format!("{directive} 'none'")), "{directive}: {policy}");
        }
    }

    #[tokio::test]
    async fn caller_cannot_choose_the_id_of_a_request() {
        let (status, body) = answer("/nowhere", &[("x-request-id", "mine-4711")]).await;
        assert!(status == 404 && !body.contains("mine-4711"), "{body}");
    }

    #[test]
    fn own_id_of_a_caller_is_bounded_and_plain() {
        let read = |id: &[u8]| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_bytes(id).unwrap())]);
            client_request_id(&headers).map(str::to_owned)
        };
        assert_eq!(read(b"Root=1-67891233:ab/c+d").as_deref(), Some("Root=1-67891233:ab/c+d"));
        for bad in [&b""[..], b"ada@example.com", b"a b", b"\xff", &[b'x'; 129]] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
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
