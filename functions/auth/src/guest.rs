//! Whoever asks for tokens. A token that comes along is not looked at: a client may well send its expired one.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use http_kit::{RequestId, SourceIp};
use identity::{Device, Network};
use values::{Caller, Trace};

/// A caller without a token.
pub(crate) struct Guest {
    pub(crate) device: Device,
    pub(crate) network: Network,
    pub(crate) trace: Trace,
}

impl<S: Send + Sync> FromRequestParts<S> for Guest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let device = Device::new(parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()));
        let correlation_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let trace = Trace { correlation_id, causation_id: None, actor: Caller::Guest.actor() };
        Ok(Self { device, network: network_of(parts), trace })
    }
}

/// Where the request came from, as API Gateway saw it. Never from a header: those say what their sender likes.
pub(crate) struct From(pub(crate) Network);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(network_of(parts)))
    }
}

fn network_of(parts: &Parts) -> Network {
    Network::of(SourceIp::of(parts).0.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use lambda_http::request::RequestContext;
    use serde_json::json;

    fn request(source: &str, forwarded: &str) -> Parts {
        let context = json!({ "http": { "method": "POST", "path": "/", "sourceIp": source }, "timeEpoch": 0 });
        let context: RequestContext = serde_json::from_value(context).unwrap();
        let request = Request::builder().header("x-forwarded-for", forwarded).header("forwarded", forwarded);
        request.extension(context).body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_request_comes_from_where_api_gateway_saw_it() {
        assert!(network_of(&request("192.0.2.1", "198.51.100.9")) == Network::of(Some("192.0.2.1")));
        assert!(network_of(&request("192.0.2.1", "192.0.2.2")) != network_of(&request("192.0.2.2", "192.0.2.2")));
    }
}
