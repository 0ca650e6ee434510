//! Verifies messages as Standard Webhooks says (<https://www.standardwebhooks.com>).

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::refusal::Refusal;
use crate::now_ms;

/// The bytes of the signing key. `infra/local/profiles.py` has them in base64.
const KEY: &[u8] = b"souk-tax-provider-local-only";
const TOLERANCE_SECONDS: u64 = 300;

/// The id of a message that was signed with our key within five minutes.
pub(super) fn verify(headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text("content-type") != "application/json" {
        return Err(Refusal::malformed("The body must be application/json."));
    }
    let (id, time) = (text("webhook-id"), text("webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    let signed = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
    let signatures = text("webhook-signature").split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    let mut tags = signatures.filter_map(|signature| STANDARD.decode(signature).ok());
    if id.is_empty() || !tags.any(|tag| hmac::verify(&key, &signed, &tag).is_ok()) {
        return Err(Refusal::unauthorised("The signature does not match the id, the time and the body."));
    }
    match time.parse::<u64>() {
        Ok(seconds) if seconds.abs_diff(now_ms() / 1000) <= TOLERANCE_SECONDS => Ok(id.to_owned()),
        _ => Err(Refusal::unauthorised("The message is more than five minutes old or in the future.")),
    }
}
