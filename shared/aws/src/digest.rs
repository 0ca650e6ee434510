//! Digests and random tokens, by the cryptography that the SDK's TLS links anyway.

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

/// Was a secret given, is a digest held, and is it the digest of that secret? Digests are compared, so the time taken tells
/// nothing of the secret.
pub fn matches_digest(given: Option<&str>, digest_held: Option<&str>) -> bool {
    let (Some(given), Some(held)) = (given, digest_held) else { return false };
    verify_slices_are_equal(sha256_hex(given.as_bytes()).as_bytes(), held.as_bytes()).is_ok()
}

/// A bearer secret of 256 random bits, safe in a URL. Store its digest, never itself.
pub fn random_token() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random()?))
}

/// An API key of 256 random bits. Store its digest, never itself.
pub fn random_api_key() -> Result<ApiKey> {
    random().map(ApiKey::of)
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}
