//! Whoever asks for tokens. A token that comes along is not looked at: a client may well send its expired one.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use http_kit::RequestId;
use identity::Device;
use values::{Caller, Trace};

/// A caller without a token.
pub(crate) struct Guest {
    pub(crate) device: Device,
    pub(crate) trace: Trace,
}

impl<S: Send + Sync> FromRequestParts<S> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let device = Device::new(parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()));
        let correlation_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        Ok(Self { device, trace: Trace { correlation_id, causation_id: None, actor: Caller::Guest.actor() } })
    }
}
