//! Access tokens: JWTs (RFC 7519, RFC 9068) signed with Ed25519 (RFC 8037) by a key that `auth` alone can read.
//!
//! The secret is random text; the key's seed is its SHA-256, so that Secrets Manager can make and rotate it without code.
//! The public half is published for everybody before the first token is signed; of earlier keys the newest two stay, so
//! that tokens they signed are good until they expire.

use std::sync::Arc;
use std::time::Duration;

use aws_kit::{Aws, Secret, Settings, Trust};
use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tracing::warn;
use values::{AccessClaims, Error, Result, Role, SessionId, Timestamp, UserId};

/// How long an access token is good.
pub(crate) const LIFETIME_SECONDS: i64 = 15 * 60;
/// Keys in the published set: ours and what it follows.
const MOST_KEYS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(2);
/// What stands before the seed in a PKCS #8 v1 private key of Ed25519 (RFC 8410, 7).
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Signs access tokens. For `auth` alone.
#[derive(Debug)]
pub struct Signer {
    secret: Secret,
    trust: Trust,
    issuer: String,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    key: Arc<SigningKey>,
    published: bool,
}

impl Signer {
    /// With the secret of `SOUK_SECRET_SIGNING`, in the name of `SOUK_PUBLIC_URL`. `trust` publishes the public half.
    pub fn from_env(aws: &Aws, trust: Trust) -> Result<Self> {
        Ok(Self {
            secret: Secret::from_env(aws, "SOUK_SECRET_SIGNING")?,
            trust,
            issuer: Settings.required("SOUK_PUBLIC_URL")?,
            current: Mutex::new(None),
        })
    }

    /// Reads the key and publishes its public half, so that the first request need not. A failure, or what takes longer
    /// than two seconds, is left to that request.
    pub async fn warm(&self) {
        if let Ok(Err(error)) = tokio::time::timeout(WARM_UP, self.key()).await {
            warn!(error.code = error.code, error.cause = error.causes(), "the signing key is not ready yet");
        }
    }

    /// The public keys (RFC 7517).
    pub async fn jwks(&self) -> Result<Arc<Value>> {
        self.key().await?;
        self.trust.keys(false).await
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

    /// The key of the secret as it is now (aws-kit keeps it five minutes), published if it can be.
    async fn key(&self) -> Result<Arc<SigningKey>> {
        let seed = seed(&self.secret.text().await?);
        let mut current = self.current.lock().await;
        match current.as_ref() {
            Some(Current { key, published: true }) if key.seed == seed => return Ok(key.clone()),
            _ => {}
        }
        let key = Arc::new(SigningKey::of(seed)?);
        let published = match self.publish(&key).await {
            Ok(()) => true,
            Err(error) => {
                warn!(error.code = error.code, error.cause = error.causes(), "the public key is not published yet");
                false
            }
        };
        *current = Some(Current { key: key.clone(), published });
        Ok(key)
    }

    async fn publish(&self, key: &SigningKey) -> Result<()> {
        match with_key(&*self.trust.keys(false).await?, key) {
            Some(jwks) => self.trust.publish(&jwks).await,
            None => Ok(()),
        }
    }
}

/// A private key and its public half.
struct SigningKey {
    seed: [u8; 32],
    kid: String,
    jwk: Value,
    encoding: EncodingKey,
}

impl SigningKey {
    fn of(seed: [u8; 32]) -> Result<Self> {
        let encoding = EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed].concat());
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).map_err(Error::internal)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(Error::internal)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { seed, kid, jwk: serde_json::to_value(jwk).map_err(Error::internal)?, encoding })
    }

    fn sign(&self, claims: &AccessClaims) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(AccessClaims::TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.encoding).map_err(Error::internal)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

fn seed(secret: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    seed
}

/// The set to publish: `key` first, then the newest of those that were there. None when it is in there already.
fn with_key(jwks: &Value, key: &SigningKey) -> Option<Value> {
    let there = jwks["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    if there.iter().any(|jwk| jwk["kid"] == key.kid) {
        return None;
    }
    let keys: Vec<_> = std::iter::once(&key.jwk).chain(there).take(MOST_KEYS).collect();
    Some(json!({ "keys": keys }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
    use values::Clock;

    fn key(secret: &str) -> SigningKey {
        SigningKey::of(seed(secret)).unwrap()
    }

    #[test]
    fn a_token_is_good_by_the_published_key_that_it_names() {
        let key = key("a secret of the test");
        let now = Clock::System.now().seconds();
        let claims = AccessClaims {
            iss: "https://shop.example".into(),
            aud: AccessClaims::AUDIENCE.into(),
            sub: Clock::System.mint(),
            sid: Clock::System.mint(),
            role: Role::Admin,
            iat: now,
            exp: now + LIFETIME_SECONDS,
        };
        let token = key.sign(&claims).unwrap();
        let header = decode_header(&token).unwrap();
        assert_eq!(
            (header.alg, header.typ.as_deref(), header.kid.as_deref()),
            (Algorithm::EdDSA, Some("at+jwt"), Some(key.kid.as_str()))
        );
        let jwks: JwkSet = serde_json::from_value(with_key(&json!({ "keys": [] }), &key).unwrap()).unwrap();
        let public = DecodingKey::from_jwk(jwks.find(&key.kid).unwrap()).unwrap();
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AccessClaims::AUDIENCE]);
        assert_eq!(decode::<AccessClaims>(&token, &public, &rules).unwrap().claims, claims);
    }

    #[test]
    fn the_published_key_is_public_and_named_by_its_thumbprint() {
        let jwk = key("a secret of the test").jwk;
        let mut members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, jwk["x"]);
        use base64::Engine;
        let thumbprint = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(seed(&text));
        assert_eq!(jwk["kid"], thumbprint);
    }

    #[test]
    fn a_new_key_joins_the_set_and_the_oldest_leaves_it() {
        let mut jwks = json!({ "keys": [] });
        let keys: Vec<_> = ["1", "2", "3", "4"].into_iter().map(key).collect();
        for key in &keys {
            jwks = with_key(&jwks, key).unwrap();
        }
        let kids: Vec<_> = jwks["keys"].as_array().unwrap().iter().map(|jwk| jwk["kid"].clone()).collect();
        assert_eq!(kids, [&keys[3], &keys[2], &keys[1]].map(|key| Value::from(key.kid.clone())));
        assert!(with_key(&jwks, &keys[2]).is_none());
    }
}
