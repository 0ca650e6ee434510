//! Google, by OpenID Connect: discovery, keys and ID tokens. Any other OpenID Connect provider works too (`GoogleIssuer`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::{ExternalIdentity, PendingSignIn, Provider};
use jsonwebtoken::jwk::JwkSet;
use oauth2::AuthType;
use oauth2::url::Url;
use reqwest::Client;
use serde::Deserialize;
use tokio::sync::Mutex;
use values::{Error, Result};

use crate::exchange::{Flow, Tokens};
use crate::fetch::fetch_json;
use crate::id_token::{Expected, IdTokenError, verify_id_token};
use crate::public_url::PublicUrl;
use crate::requests::{provider_refused, provider_unavailable};

/// How long endpoints and keys are cached.
const CACHE_TIME: Duration = Duration::from_secs(3600);
/// A token with an unknown key makes us fetch the keys again, but not more often than this.
const MIN_KEYS_AGE: Duration = Duration::from_secs(30);
const SCOPES: [&str; 2] = ["email", "profile"];

/// The provider's published metadata (OpenID Connect Discovery 1.0, 3).
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    /// RFC 9207, 3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The provider's endpoints, cached for an hour.
#[derive(Debug)]
pub(crate) struct Endpoints {
    issuer: String,
    pub(crate) flow: Flow,
    jwks: Url,
    /// Whether it promises to name itself in its answers (RFC 9207).
    sends_issuer: bool,
}

/// The configured provider.
#[derive(Debug)]
pub(crate) struct Google {
    client_id: String,
    issuer: String,
    public_url: PublicUrl,
    endpoints: Mutex<Option<(Instant, Arc<Endpoints>)>>,
    keys: Mutex<Option<(Instant, Arc<JwkSet>)>>,
}

impl Google {
    pub(crate) fn new(client_id: String, issuer: String, public_url: PublicUrl) -> Result<Self> {
        public_url.provider_url("GoogleIssuer", &issuer)?;
        Ok(Self { client_id, issuer, public_url, endpoints: Mutex::default(), keys: Mutex::default() })
    }

    /// Its endpoints. 503 `provider_unavailable` if they cannot be fetched. 1 call, 0 from the cache.
    pub(crate) async fn endpoints(&self, client: &Client) -> Result<Arc<Endpoints>> {
        let mut cached = self.endpoints.lock().await;
        if let Some((fetched_at, endpoints)) = cached.as_ref()
            && fetched_at.elapsed() < CACHE_TIME
        {
            return Ok(endpoints.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let metadata: Metadata = fetch_json(client.get(url)).await.map_err(provider_unavailable)?;
        if metadata.issuer != self.issuer {
            return Err(Error::internal("the issuer in the provider's metadata is not GoogleIssuer"));
        }
        let flow = Flow {
            client_id: self.client_id.clone(),
            authorize: self.public_url.provider_url("authorization_endpoint", &metadata.authorization_endpoint)?,
            token: self.public_url.provider_url("token_endpoint", &metadata.token_endpoint)?,
            callback: self.public_url.callback(Provider::Google),
            auth: AuthType::BasicAuth,
        };
        let endpoints = Arc::new(Endpoints {
            issuer: metadata.issuer,
            flow,
            jwks: self.public_url.provider_url("jwks_uri", &metadata.jwks_uri)?,
            sends_issuer: metadata.authorization_response_iss_parameter_supported,
        });
        *cached = Some((Instant::now(), endpoints.clone()));
        Ok(endpoints)
    }

    /// Its keys, from the cache unless they are old. `is_missing` says that the cached keys lack the one that is needed.
    async fn keys(&self, client: &Client, endpoints: &Endpoints, is_missing: bool) -> Result<Arc<JwkSet>> {
        let mut cached = self.keys.lock().await;
        let max_age = if is_missing { MIN_KEYS_AGE } else { CACHE_TIME };
        if let Some((fetched_at, keys)) = cached.as_ref()
            && fetched_at.elapsed() < max_age
        {
            return Ok(keys.clone());
        }
        let keys: Arc<JwkSet> =
            Arc::new(fetch_json(client.get(endpoints.jwks.clone())).await.map_err(provider_unavailable)?);
        *cached = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    /// The user of the tokens, by their ID token. 0 to 2 calls.
    pub(crate) async fn identify(
        &self,
        client: &Client,
        endpoints: &Endpoints,
        tokens: &Tokens,
        pending: &PendingSignIn,
    ) -> Result<ExternalIdentity> {
        let token = tokens.extra_fields().id_token.as_deref().ok_or_else(|| provider_refused("it sent no ID token"))?;
        let expected = Expected { issuer: &endpoints.issuer, client_id: &self.client_id, nonce: &pending.nonce };
        let mut claims = Err(IdTokenError::UnknownKey);
        for is_missing in [false, true] {
            claims = verify_id_token(token, &*self.keys(client, endpoints, is_missing).await?, &expected);
            if !matches!(claims, Err(IdTokenError::UnknownKey)) {
                break;
            }
        }
        let claims = claims.map_err(|error| match error {
            IdTokenError::UnknownKey => provider_refused("none of its keys signed the ID token"),
            IdTokenError::Invalid(message) => provider_refused(message),
        })?;
        let email =
            claims.email.as_deref().filter(|_| claims.has_verified_email()).and_then(|email| email.parse().ok());
        Ok(ExternalIdentity {
            provider: Provider::Google,
            issuer: endpoints.issuer.clone(),
            subject: claims.sub,
            email,
            name: claims.name,
        })
    }
}

impl Endpoints {
    pub(crate) fn authorize_url(&self, pending: &PendingSignIn, state: &str) -> Result<Url> {
        // The scope `openid` requests an ID token.
        let scopes: Vec<_> = ["openid"].into_iter().chain(SCOPES).collect();
        self.flow.authorize_url(pending, state, &scopes, &[("nonce", &pending.nonce)])
    }

    /// Requires that the answer comes from this provider (RFC 9207, 2.4). A provider that promises to name itself must do so.
    pub(crate) fn require_issuer(&self, issuer: Option<&str>) -> Result<()> {
        match issuer {
            Some(issuer) if issuer == self.issuer => Ok(()),
            None if !self.sends_issuer => Ok(()),
            _ => Err(provider_refused("the answer comes from another issuer")),
        }
    }
}
