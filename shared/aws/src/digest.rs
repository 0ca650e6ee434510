//! Digests and random tokens, by the cryptographic library that the SDK's TLS links anyway.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use values::{ApiKey, Error, Result};

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Is `digest` the digest of `secret`? False if either is missing. Digests are compared in constant time, so the duration reveals
/// nothing about the secret.
pub fn matches_digest(secret: Option<&str>, digest: Option<&str>) -> bool {
    let (Some(secret), Some(digest)) = (secret, digest) else { return false };
    verify_slices_are_equal(sha256_hex(secret.as_bytes()).as_bytes(), digest.as_bytes()).is_ok()
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
