//! The client of a request for tokens. A token in the request is ignored, because a client may send its expired one.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use http_kit::{GuestTrace, SourceIp};
use identity::Device;
use values::{Network, Trace};

/// The client, without an account.
pub(crate) struct Client {
    pub(crate) device: Device,
    pub(crate) network: Network,
    pub(crate) trace: Trace,
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let device = Device::new(parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()));
        let GuestTrace(trace) = GuestTrace::from_request_parts(parts, state).await?;
        Ok(Self { device, network: SourceIp::of(parts).network(), trace })
    }
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

    fn network_of(parts: &Parts) -> Network {
        SourceIp::of(parts).network()
    }

    #[test]
    fn network_is_the_one_that_api_gateway_saw() {
        assert!(network_of(&request("192.0.2.1", "198.51.100.9")) == Network::of(Some("192.0.2.1")));
        assert!(network_of(&request("192.0.2.1", "192.0.2.2")) != network_of(&request("192.0.2.2", "192.0.2.2")));
    }
}
