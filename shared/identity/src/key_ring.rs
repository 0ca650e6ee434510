//! The private keys of access tokens, as the signing secret holds them: the one that signs, and the one that will. Ed25519 seeds
//! (RFC 8032). Pure: chance and time come from outside.
//!
//! A new secret is random text, which Secrets Manager makes without code: its SHA-256 is the first seed. The first rotation
//! writes a ring in its place.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use values::{AccessClaims, Error, Kind, Result, Timestamp};

use crate::token::LIFETIME_SECONDS;

/// What stands before the seed in a PKCS #8 v1 private key of Ed25519 (RFC 8410, 7).
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// A rotation lets the one before come to its end: `auth` may sign by a secret that it read five minutes ago, and such a token is
/// good for another fifteen.
const REST_SECONDS: i64 = LIFETIME_SECONDS + 300;

/// The private half of a key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seed([u8; 32]);

impl Seed {
    /// Of any text: its SHA-256.
    pub(crate) fn of(text: &str) -> Self {
        let mut seed = [0; 32];
        seed.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self(seed)
    }

    fn read(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// What the secret's text says. Never log it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyRing {
    /// Signs.
    pub(crate) current: Seed,
    /// Is published, and signs after the next rotation.
    pub(crate) next: Option<Seed>,
    /// Signed before the last rotation: its public half.
    previous: Option<Value>,
    /// When it was made.
    rotated_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    current: String,
    next: String,
    previous: Option<Value>,
    rotated_at: Timestamp,
}

impl KeyRing {
    /// Reads a secret's text.
    pub(crate) fn read(text: &str) -> Result<Self> {
        if !text.starts_with('{') {
            return Ok(Self { current: Seed::of(text), next: None, previous: None, rotated_at: None });
        }
        let broken = || Error::internal("the signing secret is no ring of keys");
        let Written { current, next, previous, rotated_at } = serde_json::from_str(text).map_err(|_| broken())?;
        let (current, next) = Seed::read(&current).zip(Seed::read(&next)).ok_or_else(broken)?;
        Ok(Self { current, next: Some(next), previous, rotated_at: Some(rotated_at) })
    }

    /// As the secret keeps it.
    pub(crate) fn written(&self) -> Result<String> {
        let not_yet = || Error::internal("a ring without its next key is not kept");
        let (next, rotated_at) = self.next.as_ref().zip(self.rotated_at).ok_or_else(not_yet)?;
        let (current, next, previous) = (self.current.written(), next.written(), self.previous.clone());
        let written = Written { current, next, previous, rotated_at };
        serde_json::to_string(&written).map_err(Error::internal)
    }

    /// Is it a ring, or the text that a secret begins with?
    pub(crate) fn is_begun(&self) -> bool {
        self.next.is_some()
    }

    /// The ring that comes after it: what was next, and published long ago, signs now, and `fresh` is next. The first rotation
    /// changes nobody's key, for there was no next one. 409 `rotated_too_soon`.
    pub(crate) fn rotated(&self, fresh: Seed, now: Timestamp) -> Result<Self> {
        if self.rotated_at.is_some_and(|at| now < at.plus_seconds(REST_SECONDS)) {
            let detail = "The keys were rotated less than 20 minutes ago; tokens by the one before are still good.";
            return Err(Error::new(Kind::Conflict, "rotated_too_soon", detail));
        }
        let (current, previous) = match &self.next {
            Some(next) => (next.clone(), Some(SigningKey::of(&self.current)?.jwk)),
            None => (self.current.clone(), None),
        };
        Ok(Self { current, next: Some(fresh), previous, rotated_at: Some(now) })
    }

    /// The set to publish (RFC 7517): next, current, previous.
    pub(crate) fn published(&self) -> Result<Value> {
        let own = self.next.iter().chain([&self.current]).map(|seed| SigningKey::of(seed).map(|key| key.jwk));
        let mut keys = own.collect::<Result<Vec<Value>>>()?;
        keys.extend(self.previous.clone());
        Ok(json!({ "keys": keys }))
    }
}

/// A private key and its public half.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    jwk: Value,
    encoding: EncodingKey,
}

impl SigningKey {
    pub(crate) fn of(seed: &Seed) -> Result<Self> {
        let encoding = EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed.0].concat());
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).map_err(Error::internal)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(Error::internal)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { kid, jwk: serde_json::to_value(jwk).map_err(Error::internal)?, encoding })
    }

    pub(crate) fn sign(&self, claims: &AccessClaims) -> Result<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
    use values::{Clock, Role};

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn later(rotations: i64) -> Timestamp {
        now().plus_seconds(rotations * REST_SECONDS)
    }

    fn kid(seed: &Seed) -> Value {
        SigningKey::of(seed).unwrap().kid.into()
    }

    fn kids(set: &Value) -> Vec<Value> {
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
    }

    #[test]
    fn a_token_is_good_by_the_published_key_that_it_names() {
        let ring = KeyRing::read("a secret of the test").unwrap();
        let key = SigningKey::of(&ring.current).unwrap();
        let now = Clock::System.now().seconds();
        let claims = AccessClaims {
            iss: "https://shop.example".into(),
            aud: AccessClaims::AUDIENCE.into(),
            sub: Clock::System.mint(),
            sid: Clock::System.mint(),
            role: Role::Admin,
            iat: now,
            exp: now + 60,
        };
        let token = key.sign(&claims).unwrap();
        let header = decode_header(&token).unwrap();
        assert_eq!(
            (header.alg, header.typ.as_deref(), header.kid.as_deref()),
            (Algorithm::EdDSA, Some("at+jwt"), Some(key.kid.as_str()))
        );
        let set: JwkSet = serde_json::from_value(ring.published().unwrap()).unwrap();
        let public = DecodingKey::from_jwk(set.find(&key.kid).unwrap()).unwrap();
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AccessClaims::AUDIENCE]);
        assert_eq!(decode::<AccessClaims>(&token, &public, &rules).unwrap().claims, claims);
    }

    #[test]
    fn a_published_key_is_public_and_named_by_its_thumbprint() {
        let jwk = SigningKey::of(&Seed::of("a secret of the test")).unwrap().jwk;
        let mut members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, jwk["x"]);
        assert_eq!(jwk["kid"], Seed::of(&text).written());
    }

    #[test]
    fn what_signs_was_published_a_rotation_before() {
        let begun = KeyRing::read("the text that a secret begins with").unwrap();
        assert!(!begun.is_begun() && begun.written().is_err());
        let mut ring = begun.rotated(Seed::of("1"), now()).unwrap();
        assert!(ring.current == begun.current, "the first rotation changes nobody's key");
        for rotation in 1..5 {
            let set = ring.published().unwrap();
            let after = ring.rotated(Seed::of(&format!("{rotation}+")), later(rotation)).unwrap();
            assert!(kids(&set).contains(&kid(&after.current)), "it is known before it signs");
            let after_set = after.published().unwrap();
            assert_eq!(kids(&after_set)[..2], [kid(after.next.as_ref().unwrap()), kid(&after.current)]);
            assert!(kids(&after_set).contains(&kid(&ring.current)), "what it signed is good until it expires");
            assert!(kids(&after_set).len() <= 3);
            assert!(KeyRing::read(&after.written().unwrap()).unwrap() == after);
            ring = after;
        }
    }

    #[test]
    fn keys_are_not_rotated_while_tokens_by_the_one_before_are_good() {
        let ring = KeyRing::read("text").unwrap().rotated(Seed::of("1"), now()).unwrap();
        let early = now().plus_seconds(REST_SECONDS - 1);
        assert!(ring.rotated(Seed::of("2"), early).is_err_and(|error| error.code == "rotated_too_soon"));
        assert!(ring.rotated(Seed::of("2"), later(1)).is_ok());
    }

    #[test]
    fn a_broken_ring_is_told_without_its_text() {
        for text in ["{}", r#"{"current":"short","next":"x","rotatedAt":"2026-11-21T00:00:00Z"}"#] {
            assert!(
                KeyRing::read(text).is_err_and(|error| error.causes().is_none_or(|causes| !causes.contains("short")))
            );
        }
    }
}
