//! Limits requests before their handlers run.

use std::sync::Arc;

use aws_kit::{Aws, DigestKey, RateCounters};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use tracing::warn;
use values::{ApiKey, Caller, Clock, Network, RateLimitStatus, Result};

use super::request_limits::{CallerKind, RequestLimits};
use super::route_class::RouteClass;
use super::status_headers::add_rate_limit;
use crate::problem::ApiError;
use crate::request_actor::RequestActor;
use crate::source_ip::SourceIp;
use crate::verifier::Verifier;

/// The digits of a network in log lines: 64 bits distinguish the networks of a shop.
const LOGGED_DIGITS: usize = 16;

/// The rate limiter of a function. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    counters: RateCounters,
    key: DigestKey,
    limits: Arc<RequestLimits>,
    verifier: Option<Verifier>,
}

impl RateLimiter {
    /// Reads `SOUK_REQUEST_LIMITS` and `SOUK_RATE_LIMIT_KEY`. All requests count for their network.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            counters: RateCounters::new(aws.table("SOUK_TABLE_IDENTITY")?, Clock::System),
            key: DigestKey::from_env()?,
            limits: Arc::new(RequestLimits::from_env()?),
            verifier: None,
        })
    }

    /// Requests with a valid credential count for their account or API key. The handlers get the caller that was verified here.
    #[must_use]
    pub fn with_callers(self, verifier: Verifier) -> Self {
        Self { verifier: Some(verifier), ..self }
    }

    /// The keyed digest of a network, for log lines: it distinguishes networks, and nobody without the key can compute it. No key of a
    /// table is this digest.
    pub(crate) fn network_digest(&self, network: &Network) -> String {
        self.key.short_digest(&[b"log", b"network", network.bytes()], LOGGED_DIGITS)
    }

    /// Answers a request, or refuses it with 429 `rate_limited`. If the table does not answer, the request continues: an outage of the
    /// limiter must not become one of the shop.
    pub(crate) async fn run(&self, route: &str, mut request: Request, next: Next) -> Response {
        let class = RouteClass::of(request.method(), route);
        if class == RouteClass::Exempt {
            return next.run(request).await;
        }
        let network = SourceIp::in_extensions(request.extensions()).network();
        let caller = match self.caller(request.headers(), &network).await {
            Ok(caller) => caller,
            Err(status) => return refused(status),
        };
        let counted = self.take(class, caller.as_ref(), &network).await;
        if let Some(caller) = caller {
            if let Some(actor) = request.extensions().get::<RequestActor>() {
                actor.set(&caller);
            }
            request.extensions_mut().insert(caller);
        }
        let (mut response, status) = match counted {
            Ok(Some(Ok(status))) => (next.run(request).await, status),
            Ok(Some(Err(status))) => return refused(status),
            Ok(None) => return next.run(request).await,
            Err(error) => {
                warn!(error.code = error.code, error.cause = error.causes(), "request not counted for its rate limit");
                return next.run(request).await;
            }
        };
        add_rate_limit(response.headers_mut(), status);
        response
    }

    /// The verified caller; none without a valid credential. An invalid one gets its error from the route, if that reads credentials.
    ///
    /// Each unknown API key costs a read, so they are counted for their network besides. A network beyond that limit is refused before
    /// another key is read. Keys that this environment has just read are accepted still.
    async fn caller(&self, headers: &HeaderMap, network: &Network) -> Result<Option<Caller>, RateLimitStatus> {
        let Some(verifier) = &self.verifier else { return Ok(None) };
        let policy = self.limits.policy(RouteClass::Credentials, CallerKind::Network);
        let counter = policy.filter(|_| verifier.needs_key_read(headers)).map(|policy| {
            let digest = self.key.digest(&[b"unknown API keys", network.bytes()]);
            (digest, policy)
        });
        if let Some((digest, policy)) = &counter
            && let Some(status) = self.counters.known_refusal(digest, *policy)
        {
            return Err(status);
        }
        match (verifier.caller(headers).await, counter) {
            (Ok(caller), _) => Ok((caller != Caller::Guest).then_some(caller)),
            (Err(error), Some((digest, policy))) if error.code == ApiKey::INVALID => {
                if let Err(error) = self.counters.take(&digest, policy).await {
                    warn!(error.code = error.code, error.cause = error.causes(), "unknown API key not counted");
                }
                Ok(None)
            }
            (Err(_), _) => Ok(None),
        }
    }

    async fn take(
        &self,
        class: RouteClass,
        caller: Option<&Caller>,
        network: &Network,
    ) -> Result<Option<Result<RateLimitStatus, RateLimitStatus>>> {
        let (kind, name) = match caller {
            Some(Caller::User { id, .. }) => (CallerKind::Account, id.to_string().into_bytes()),
            Some(Caller::Key { key, .. }) => (CallerKind::ApiKey, key.to_string().into_bytes()),
            Some(Caller::Guest) | None => (CallerKind::Network, network.bytes().to_vec()),
        };
        let Some(policy) = self.limits.policy(class, kind) else { return Ok(None) };
        let digest = self.key.digest(&[b"requests", class.name().as_bytes(), kind.name().as_bytes(), &name]);
        self.counters.take(&digest, policy).await.map(Some)
    }
}

/// The 429 of a request that has to wait.
fn refused(status: RateLimitStatus) -> Response {
    let mut response = ApiError::from(status.refusal()).into_response();
    add_rate_limit(response.headers_mut(), status);
    response
}
