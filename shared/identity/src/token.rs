//! Access tokens: JWTs (RFC 7519, RFC 9068) signed with Ed25519 (RFC 8037) by a key that `auth` alone reads to sign. Its public half
//! was published a rotation before ([`crate::KeyRotation`]).

use std::sync::Arc;
use std::time::Duration;

use aws_kit::{Aws, Secret, Settings};
use tokio::sync::Mutex;
use tracing::warn;
use values::{AccessClaims, Result, Role, SessionId, Timestamp, UserId};

use crate::key_ring::{KeyRing, Seed, SigningKey};

/// How long an access token is good.
pub(crate) const LIFETIME_SECONDS: i64 = 15 * 60;
const WARM_UP: Duration = Duration::from_secs(2);

/// Signs access tokens. For `auth` alone.
#[derive(Debug)]
pub struct Signer {
    secret: Secret,
    issuer: String,
    current: Mutex<Option<Current>>,
}

struct Current {
    seed: Seed,
    key: Arc<SigningKey>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.key)
    }
}

impl Signer {
    /// With the secret of `SOUK_SECRET_SIGNING`, in the name of `SOUK_PUBLIC_URL`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            secret: Secret::from_env(aws, "SOUK_SECRET_SIGNING")?,
            issuer: Settings.required("SOUK_PUBLIC_URL")?,
            current: Mutex::new(None),
        })
    }

    /// Reads the key, so that the first request need not. A failure, or what takes longer than two seconds, is left to that
    /// request.
    pub async fn warm(&self) {
        if let Ok(Err(error)) = tokio::time::timeout(WARM_UP, self.key()).await {
            warn!(error.code = error.code, error.cause = error.causes(), "the signing key is not ready yet");
        }
    }

    /// An access token for a session that is good from now on.
    pub(crate) async fn sign(&self, user: UserId, role: Role, session: SessionId, now: Timestamp) -> Result<String> {
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            aud: AccessClaims::AUDIENCE.to_owned(),
            sub: user,
            sid: session,
            role,
            iat: now.seconds(),
            exp: now.seconds() + LIFETIME_SECONDS,
        };
        self.key().await?.sign(&claims)
    }

    /// The key of the secret as it is now (aws-kit keeps it five minutes).
    async fn key(&self) -> Result<Arc<SigningKey>> {
        let KeyRing { current: seed, .. } = KeyRing::read(&self.secret.text().await?)?;
        let mut current = self.current.lock().await;
        if let Some(known) = current.as_ref().filter(|known| known.seed == seed) {
            return Ok(known.key.clone());
        }
        let key = Arc::new(SigningKey::of(&seed)?);
        *current = Some(Current { seed, key: key.clone() });
        Ok(key)
    }
}
