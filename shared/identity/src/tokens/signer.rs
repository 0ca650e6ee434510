//! Signs access tokens: JWTs (RFC 7519, RFC 9068) with Ed25519 (RFC 8037). Only `auth` reads the private key; its public key was
//! published a rotation before (see `key_rotation.rs`).

use std::sync::Arc;
use std::time::Duration;

use aws_kit::{Aws, Secret, Settings};
use tokio::sync::Mutex;
use tracing::warn;
use values::{AccessClaims, Result, Timestamp};

use crate::accounts::account::Account;
use crate::sessions::refresh_token::RefreshToken;
use crate::sessions::session::Session;
use crate::sessions::token_pair::{AccessToken, TokenPair};
use crate::tokens::key_ring::KeyRing;
use crate::tokens::lifetime::ACCESS_TOKEN_SECONDS;
use crate::tokens::signing_key::{Seed, SigningKey};

const WARM_UP: Duration = Duration::from_secs(2);

/// Signs access tokens, in `auth` only.
#[derive(Debug)]
pub struct Signer {
    secret: Secret,
    issuer: String,
    current: Mutex<Option<CurrentKey>>,
}

struct CurrentKey {
    seed: Seed,
    key: Arc<SigningKey>,
}

impl std::fmt::Debug for CurrentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.key)
    }
}

impl Signer {
    /// Uses the secret of `SOUK_SECRET_SIGNING`; the issuer is `SOUK_PUBLIC_URL`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            secret: Secret::from_env(aws, "SOUK_SECRET_SIGNING")?,
            issuer: Settings.required("SOUK_PUBLIC_URL")?,
            current: Mutex::new(None),
        })
    }

    /// Reads the key before the first request. After a failure, or after two seconds, the first request reads it.
    pub async fn warm(&self) {
        if let Ok(Err(error)) = tokio::time::timeout(WARM_UP, self.key()).await {
            warn!(error.code = error.code, error.cause = error.causes(), "signing key not ready at start");
        }
    }

    /// The access token and the refresh token of a session.
    pub(crate) async fn token_pair(
        &self,
        account: &Account,
        session: &Session,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<TokenPair> {
        Ok(TokenPair { access: self.access_token(account, session, now).await?, refresh_token: refresh.to_string() })
    }

    /// An access token of a session that is valid from now on.
    pub(crate) async fn access_token(
        &self,
        account: &Account,
        session: &Session,
        now: Timestamp,
    ) -> Result<AccessToken> {
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            aud: AccessClaims::AUDIENCE.to_owned(),
            sub: account.user_id,
            sid: session.session_id,
            role: account.role,
            iat: now.seconds(),
            exp: now.seconds() + ACCESS_TOKEN_SECONDS,
            auth_time: session.auth_time.map(Timestamp::seconds),
            amr: session.amr.clone(),
        };
        let access_token = self.key().await?.sign(&claims)?;
        Ok(AccessToken { access_token, token_type: "Bearer", expires_in: ACCESS_TOKEN_SECONDS })
    }

    /// The key that the secret names now (aws-kit caches the secret for five minutes).
    async fn key(&self) -> Result<Arc<SigningKey>> {
        let KeyRing { current: seed, .. } = KeyRing::parse(&self.secret.text().await?)?;
        let mut current = self.current.lock().await;
        if let Some(known) = current.as_ref().filter(|known| known.seed == seed) {
            return Ok(known.key.clone());
        }
        let key = Arc::new(SigningKey::of(&seed)?);
        *current = Some(CurrentKey { seed, key: key.clone() });
        Ok(key)
    }
}
