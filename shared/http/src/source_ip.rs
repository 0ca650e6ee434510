//! The IP address that a request comes from.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::request::RequestContext;

/// The IP address that API Gateway saw, as text. It is never read from a header, because a client can send any header.
#[derive(Clone)]
pub struct SourceIp(pub Option<String>);

/// Hides the IP address, which is personal data.
impl std::fmt::Debug for SourceIp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SourceIp(…)")
    }
}

impl SourceIp {
    /// Reads the context that API Gateway adds to the request.
    pub fn of(parts: &Parts) -> Self {
        match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => Self(context.http.source_ip.clone()),
            _ => Self(None),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SourceIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
