//! The content of the signing secret: the key that signs, the key that will sign next, and the public key that signed before.
//! Pure: random values and the time are arguments.
//!
//! Secrets Manager creates the secret as random text, without code of ours. The SHA-256 of that text is the first seed. The first
//! rotation replaces the text by a key ring.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use values::{Error, Kind, Result, Timestamp};

use crate::tokens::lifetime::ACCESS_TOKEN_SECONDS;
use crate::tokens::signing_key::{Seed, SigningKey};

/// The shortest time between two rotations. `auth` may sign with a secret that it read five minutes ago, and such a token is
/// valid for another fifteen minutes.
const MIN_ROTATION_SECONDS: i64 = ACCESS_TOKEN_SECONDS + 300;

/// The parsed secret. Never log it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyRing {
    /// Signs now.
    pub(crate) current: Seed,
    /// Is published already, and signs after the next rotation.
    pub(crate) next: Option<Seed>,
    /// The public half of the key that signed before the last rotation.
    previous: Option<Value>,
    /// When it was created.
    rotated_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredRing {
    current: String,
    next: String,
    previous: Option<Value>,
    rotated_at: Timestamp,
}

impl KeyRing {
    /// Parses the text of the secret. Errors do not contain the text.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if !text.starts_with('{') {
            return Ok(Self { current: Seed::of(text), next: None, previous: None, rotated_at: None });
        }
        let broken = || Error::internal("the signing secret is not a key ring");
        let StoredRing { current, next, previous, rotated_at } = serde_json::from_str(text).map_err(|_| broken())?;
        let (current, next) = Seed::parse(&current).zip(Seed::parse(&next)).ok_or_else(broken)?;
        Ok(Self { current, next: Some(next), previous, rotated_at: Some(rotated_at) })
    }

    /// The text that the secret stores.
    pub(crate) fn serialize(&self) -> Result<String> {
        let not_yet = || Error::internal("a key ring without a next key is not stored");
        let (next, rotated_at) = self.next.as_ref().zip(self.rotated_at).ok_or_else(not_yet)?;
        let (current, next, previous) = (self.current.encode(), next.encode(), self.previous.clone());
        let stored = StoredRing { current, next, previous, rotated_at };
        serde_json::to_string(&stored).map_err(Error::internal)
    }

    /// Whether the secret was rotated at least once.
    pub(crate) fn has_rotated(&self) -> bool {
        self.next.is_some()
    }

    /// The ring after a rotation: the next key, which was published long ago, signs now, and `fresh` is next. The first rotation keeps
    /// the current key, because there is no next one. 409 `rotated_too_soon`.
    pub(crate) fn rotated(&self, fresh: Seed, now: Timestamp) -> Result<Self> {
        if self.rotated_at.is_some_and(|at| now < at.plus_seconds(MIN_ROTATION_SECONDS)) {
            let detail = "The keys were rotated less than 20 minutes ago. Tokens of the previous key are still valid: \
                          try again later.";
            return Err(Error::new(Kind::Conflict, "rotated_too_soon", detail));
        }
        let (current, previous) = match &self.next {
            Some(next) => (next.clone(), Some(SigningKey::of(&self.current)?.jwk)),
            None => (self.current.clone(), None),
        };
        Ok(Self { current, next: Some(fresh), previous, rotated_at: Some(now) })
    }

    /// The key set to publish (RFC 7517): next, current, previous.
    pub(crate) fn published(&self) -> Result<Value> {
        let seeds = self.next.iter().chain([&self.current]);
        let mut keys = seeds.map(|seed| SigningKey::of(seed).map(|key| key.jwk)).collect::<Result<Vec<Value>>>()?;
        keys.extend(self.previous.clone());
        Ok(json!({ "keys": keys }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
    use values::{AccessClaims, Clock, Role};

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn later(rotations: i64) -> Timestamp {
        now().plus_seconds(rotations * MIN_ROTATION_SECONDS)
    }

    fn kid(seed: &Seed) -> Value {
        SigningKey::of(seed).unwrap().kid.into()
    }

    fn kids(set: &Value) -> Vec<Value> {
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
    }

    #[test]
    fn token_is_valid_by_the_published_key_that_it_names() {
        let ring = KeyRing::parse("a secret of the test").unwrap();
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
            auth_time: Some(now),
            amr: Vec::new(),
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
    fn published_key_is_public_and_named_by_its_thumbprint() {
        let jwk = SigningKey::of(&Seed::of("a secret of the test")).unwrap().jwk;
        let mut members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, jwk["x"]);
        assert_eq!(jwk["kid"], Seed::of(&text).encode());
    }

    #[test]
    fn signing_key_was_published_a_rotation_before() {
        let first = KeyRing::parse("the first text of a secret").unwrap();
        assert!(!first.has_rotated() && first.serialize().is_err());
        let mut ring = first.rotated(Seed::of("1"), now()).unwrap();
        assert!(ring.current == first.current, "the first rotation keeps the current key");
        for rotation in 1..5 {
            let set = ring.published().unwrap();
            let after = ring.rotated(Seed::of(&format!("{rotation}+")), later(rotation)).unwrap();
            assert!(kids(&set).contains(&kid(&after.current)), "it is published before it signs");
            let after_set = after.published().unwrap();
            assert_eq!(kids(&after_set)[..2], [kid(after.next.as_ref().unwrap()), kid(&after.current)]);
            assert!(kids(&after_set).contains(&kid(&ring.current)), "what it signed is valid until it expires");
            assert!(kids(&after_set).len() <= 3);
            assert!(KeyRing::parse(&after.serialize().unwrap()).unwrap() == after);
            ring = after;
        }
    }

    #[test]
    fn keys_are_not_rotated_while_tokens_of_the_previous_key_are_valid() {
        let ring = KeyRing::parse("text").unwrap().rotated(Seed::of("1"), now()).unwrap();
        let early = now().plus_seconds(MIN_ROTATION_SECONDS - 1);
        assert!(ring.rotated(Seed::of("2"), early).is_err_and(|error| error.code == "rotated_too_soon"));
        assert!(ring.rotated(Seed::of("2"), later(1)).is_ok());
    }

    #[test]
    fn error_of_a_broken_ring_does_not_contain_its_text() {
        for text in ["{}", r#"{"current":"short","next":"x","rotatedAt":"2026-11-21T00:00:00Z"}"#] {
            assert!(
                KeyRing::parse(text).is_err_and(|error| error.causes().is_none_or(|causes| !causes.contains("short")))
            );
        }
    }
}
