//! Google, by OpenID Connect: discovery, keys and ID tokens. Any provider that speaks it will do (`GoogleIssuer`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::{Attempt, Provider, Vouched};
use jsonwebtoken::jwk::JwkSet;
use oauth2::AuthType;
use oauth2::url::Url;
use reqwest::Client;
use serde::Deserialize;
use tokio::sync::Mutex;
use values::{Error, Result};

use crate::bodies::{refused, unavailable};
use crate::exchange::{Flow, Tokens};
use crate::fetch::json;
use crate::id_token::{Expected, Fault, checked};
use crate::place::Place;

const KEPT: Duration = Duration::from_secs(3600);
/// A token of an unknown key asks for the keys again, but not more often than this.
const KEYS_ASKED_AGAIN_AFTER: Duration = Duration::from_secs(30);
const SCOPES: [&str; 2] = ["email", "profile"];

/// What the provider publishes of itself (OpenID Connect Discovery 1.0, 3).
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

/// What is known of it for an hour.
#[derive(Debug)]
pub(crate) struct Known {
    issuer: String,
    pub(crate) flow: Flow,
    jwks: Url,
    names_itself: bool,
}

/// The provider, as it is configured.
#[derive(Debug)]
pub(crate) struct Google {
    client_id: String,
    issuer: String,
    place: Place,
    known: Mutex<Option<(Instant, Arc<Known>)>>,
    keys: Mutex<Option<(Instant, Arc<JwkSet>)>>,
}

impl Google {
    pub(crate) fn new(client_id: String, issuer: String, place: Place) -> Result<Self> {
        place.address("GoogleIssuer", &issuer)?;
        Ok(Self { client_id, issuer, place, known: Mutex::default(), keys: Mutex::default() })
    }

    /// Its endpoints. 503 `provider_unavailable` while it does not say where they are.
    pub(crate) async fn known(&self, client: &Client) -> Result<Arc<Known>> {
        let mut kept = self.known.lock().await;
        if let Some((read, known)) = kept.as_ref()
            && read.elapsed() < KEPT
        {
            return Ok(known.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let said: Metadata = json(client.get(url)).await.map_err(unavailable)?;
        if said.issuer != self.issuer {
            return Err(Error::internal("the provider calls itself by another name than GoogleIssuer"));
        }
        let flow = Flow {
            client_id: self.client_id.clone(),
            authorize: self.place.address("authorization_endpoint", &said.authorization_endpoint)?,
            token: self.place.address("token_endpoint", &said.token_endpoint)?,
            callback: self.place.callback(Provider::Google),
            auth: AuthType::BasicAuth,
        };
        let known = Arc::new(Known {
            issuer: said.issuer,
            flow,
            jwks: self.place.address("jwks_uri", &said.jwks_uri)?,
            names_itself: said.authorization_response_iss_parameter_supported,
        });
        *kept = Some((Instant::now(), known.clone()));
        Ok(known)
    }

    async fn keys(&self, client: &Client, known: &Known, missing: bool) -> Result<Arc<JwkSet>> {
        let mut kept = self.keys.lock().await;
        let limit = if missing { KEYS_ASKED_AGAIN_AFTER } else { KEPT };
        if let Some((read, keys)) = kept.as_ref()
            && read.elapsed() < limit
        {
            return Ok(keys.clone());
        }
        let keys: Arc<JwkSet> = Arc::new(json(client.get(known.jwks.clone())).await.map_err(unavailable)?);
        *kept = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    /// Who the tokens are about, by their ID token.
    pub(crate) async fn who(
        &self,
        client: &Client,
        known: &Known,
        tokens: &Tokens,
        attempt: &Attempt,
    ) -> Result<Vouched> {
        let token = tokens.extra_fields().id_token.as_deref().ok_or_else(|| refused("there is no ID token"))?;
        let expected = Expected { issuer: &known.issuer, client_id: &self.client_id, nonce: &attempt.nonce };
        let mut claims = Err(Fault::Key);
        for missing in [false, true] {
            claims = checked(token, &*self.keys(client, known, missing).await?, &expected);
            if !matches!(claims, Err(Fault::Key)) {
                break;
            }
        }
        let claims = claims.map_err(|fault| match fault {
            Fault::Key => refused("no key of the provider's has signed the ID token"),
            Fault::Rule(told) => refused(told),
        })?;
        let email =
            claims.email.as_deref().filter(|_| claims.has_verified_email()).and_then(|email| email.parse().ok());
        Ok(Vouched {
            provider: Provider::Google,
            issuer: known.issuer.clone(),
            subject: claims.sub,
            email,
            name: claims.name,
        })
    }
}

impl Known {
    pub(crate) fn address(&self, attempt: &Attempt, state: &str) -> Result<Url> {
        // `openid` makes it OpenID Connect.
        let scopes: Vec<_> = ["openid"].into_iter().chain(SCOPES).collect();
        self.flow.address(attempt, state, &scopes, &[("nonce", &attempt.nonce)])
    }

    /// Did this provider say it (RFC 9207, 2.4)? One that promises to tell has to.
    pub(crate) fn require_issuer(&self, said: Option<&str>) -> Result<()> {
        match said {
            Some(said) if said == self.issuer => Ok(()),
            None if !self.names_itself => Ok(()),
            _ => Err(refused("another issuer answers than the one that was asked")),
        }
    }
}
