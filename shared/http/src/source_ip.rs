//! The IP address that a request comes from: the only place that decides it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;
use lambda_http::request::RequestContext;
use values::Network;

/// The IP address that API Gateway saw, or the one that a trusted CDN saw, as text. It is never read from another header, because a client
/// can send any header.
#[derive(Clone)]
pub struct SourceIp(pub Option<String>);

/// Hides the IP address, which is personal data.
impl std::fmt::Debug for SourceIp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SourceIp(…)")
    }
}

impl SourceIp {
    /// The IP address of a request.
    pub fn of(parts: &Parts) -> Self {
        Self::in_extensions(&parts.extensions)
    }

    /// What the layers have found at a trusted CDN, or the context that API Gateway adds to the request.
    pub(crate) fn in_extensions(extensions: &Extensions) -> Self {
        match (extensions.get::<Self>(), extensions.get::<RequestContext>()) {
            (Some(found), _) => found.clone(),
            (None, Some(RequestContext::ApiGatewayV2(context))) => Self(context.http.source_ip.clone()),
            _ => Self(None),
        }
    }

    /// Its network, as rate limits count it.
    pub fn network(&self) -> Network {
        Network::of(self.0.as_deref())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SourceIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
