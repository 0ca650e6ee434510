//! Digests and random tokens, by the cryptographic library that the SDK's TLS links anyway.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use values::{ApiKey, Error, EventId, Result, id_of_digest};

use crate::Settings;

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id of an event that a row tells by itself. The same name always gives the same id, so whoever finds the row makes the same event.
pub fn event_id_of(name: &str) -> EventId {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&SHA256, name.as_bytes()).as_ref()[..16]);
    id_of_digest(bytes)
}

/// Is `digest` the digest of `secret`? False if either is missing. Digests are compared in constant time, so the duration reveals
/// nothing about the secret.
pub fn matches_digest(secret: Option<&str>, digest: Option<&str>) -> bool {
    let (Some(secret), Some(digest)) = (secret, digest) else { return false };
    verify_slices_are_equal(sha256_hex(secret.as_bytes()).as_bytes(), digest.as_bytes()).is_ok()
}

/// An HMAC key. Without it, no email address and no network can be tested against the digests. Cheap to clone. A copy of the key itself
/// takes thousands of instructions.
#[derive(Debug, Clone)]
pub struct DigestKey(Arc<hmac::Key>);

impl DigestKey {
    /// The key of rate limits, which many functions have: reads `SOUK_RATE_LIMIT_KEY`.
    pub fn from_env() -> Result<Self> {
        Ok(Self::new(&Settings.required("SOUK_RATE_LIMIT_KEY")?))
    }

    /// The key of device tokens and login attempts, which only `auth` and `oauth` have: reads `SOUK_AUTH_KEY`.
    pub fn of_auth_from_env() -> Result<Self> {
        Ok(Self::new(&Settings.required("SOUK_AUTH_KEY")?))
    }

    /// The key with that text.
    pub fn new(key: &str) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))
    }

    /// The HMAC of some parts, in hexadecimal. Each part has its length before it, so that no two lists of parts have the same input.
    pub fn digest(&self, parts: &[&[u8]]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The first digits of [`DigestKey::digest`], four bits each.
    pub fn short_digest(&self, parts: &[&[u8]], digits: usize) -> String {
        let mut digest = self.digest(parts);
        digest.truncate(digits);
        digest
    }
}

/// A bearer secret of 256 random bits, safe in a URL. Store its digest, never the token.
pub fn random_token() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random()?))
}

/// An API key of 256 random bits. Store its digest, never the key.
pub fn random_api_key() -> Result<ApiKey> {
    random().map(ApiKey::from_random)
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_key_share_it() {
        let key = DigestKey::new("a key of the test");
        assert!(Arc::ptr_eq(&key.0, &key.clone().0));
    }
}
