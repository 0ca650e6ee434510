//! Verifies ID tokens (OpenID Connect Core, 3.1.3.7; RFC 8725): one algorithm, the issuer, this client as audience, time and nonce.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// The allowed difference between two clocks.
const LEEWAY_SECONDS: u64 = 60;
/// In bytes; longer than any of Google's.
const MAX_TOKEN: usize = 16 * 1024;
/// OpenID Connect Core, 2.
const MAX_SUBJECT: usize = 255;

/// The values that a token must have.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
}

/// The claims of a valid token. It has no `Debug`, because it is personal data.
#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    aud: Value,
    azp: Option<String>,
    nonce: Option<String>,
    pub(crate) email: Option<String>,
    /// Only the boolean true means verified, not the text "true".
    email_verified: Option<Value>,
    pub(crate) name: Option<String>,
}

impl Claims {
    pub(crate) fn has_verified_email(&self) -> bool {
        self.email_verified == Some(Value::Bool(true))
    }

    /// Whether the token was issued for this client. With several audiences, `azp` has to say so.
    fn is_for(&self, client_id: &str) -> bool {
        let has_several = self.aud.as_array().is_some_and(|all| all.len() > 1);
        match &self.azp {
            Some(party) => party == client_id,
            None => !has_several,
        }
    }
}

/// Why a token is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IdTokenError {
    /// No key of the set signed it: the set may be outdated.
    UnknownKey,
    /// It breaks a rule.
    Invalid(String),
}

/// The claims of a token that follows all rules.
pub(crate) fn verify_id_token(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, IdTokenError> {
    let invalid = |message: &str| IdTokenError::Invalid(message.to_owned());
    if token.len() > MAX_TOKEN {
        return Err(invalid("it is too long"));
    }
    let header = decode_header(token).map_err(|error| IdTokenError::Invalid(error.to_string()))?;
    if header.alg != Algorithm::RS256 {
        return Err(invalid("it is not signed with RS256"));
    }
    let key = key(keys, header.kid.as_deref()).ok_or(IdTokenError::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(|error| IdTokenError::Invalid(error.to_string()))?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_issuer(&[expected.issuer]);
    rules.set_audience(&[expected.client_id]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.validate_nbf = true;
    rules.leeway = LEEWAY_SECONDS;
    let claims = decode::<Claims>(token, &key, &rules).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => IdTokenError::UnknownKey,
        _ => IdTokenError::Invalid(error.to_string()),
    })?;
    let claims = claims.claims;
    if !claims.is_for(expected.client_id) {
        return Err(invalid("it was issued for another client"));
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(invalid("it belongs to another sign-in (nonce)"));
    }
    if !(1..=MAX_SUBJECT).contains(&claims.sub.len()) {
        return Err(invalid("its subject is empty or too long"));
    }
    Ok(claims)
}

/// The RSA key with that id. A token may leave the id out if there is only one key.
fn key<'a>(keys: &'a JwkSet, kid: Option<&str>) -> Option<&'a Jwk> {
    let can_sign = |key: &&Jwk| {
        let is_encryption = matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
        matches!(key.algorithm, AlgorithmParameters::RSA(_)) && !is_encryption
    };
    let mut usable = keys.keys.iter().filter(can_sign);
    match kid {
        Some(kid) => usable.find(|key| key.common.key_id.as_deref() == Some(kid)),
        None => usable.next().filter(|_| usable.next().is_none()),
    }
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
