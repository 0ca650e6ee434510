//! ID tokens (OpenID Connect Core, 3.1.3.7; RFC 8725): one algorithm, the issuer, this client as audience, time, nonce.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// Seconds of difference between two clocks that are forgiven.
const LEEWAY_SECONDS: u64 = 60;
/// Longer than any of Google's.
const LONGEST_TOKEN: usize = 16 * 1024;
/// OpenID Connect Core, 2.
const LONGEST_SUBJECT: usize = 255;

/// What a token is held against.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
}

/// What a good one says. `Debug` is left out, for the person's sake.
#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    aud: Value,
    azp: Option<String>,
    nonce: Option<String>,
    pub(crate) email: Option<String>,
    /// True or not: a word that looks like it is none.
    email_verified: Option<Value>,
    pub(crate) name: Option<String>,
}

impl Claims {
    pub(crate) fn has_verified_email(&self) -> bool {
        self.email_verified == Some(Value::Bool(true))
    }

    /// One audience may be this client; of several, the token has to say that it was made for this one.
    fn is_for(&self, client_id: &str) -> bool {
        let several = self.aud.as_array().is_some_and(|all| all.len() > 1);
        match &self.azp {
            Some(party) => party == client_id,
            None => !several,
        }
    }
}

/// Why a token is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No key of the set has signed it: the set may be an old one.
    Key,
    /// It is not what it should be.
    Rule(String),
}

/// The claims of a token that keeps all rules.
pub(crate) fn checked(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, Fault> {
    let rule = |told: &str| Fault::Rule(told.to_owned());
    if token.len() > LONGEST_TOKEN {
        return Err(rule("it is too long"));
    }
    let header = decode_header(token).map_err(|error| Fault::Rule(error.to_string()))?;
    if header.alg != Algorithm::RS256 {
        return Err(rule("it is not signed with RS256"));
    }
    let key = key(keys, header.kid.as_deref()).ok_or(Fault::Key)?;
    let key = DecodingKey::from_jwk(key).map_err(|error| Fault::Rule(error.to_string()))?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_issuer(&[expected.issuer]);
    rules.set_audience(&[expected.client_id]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.validate_nbf = true;
    rules.leeway = LEEWAY_SECONDS;
    let claims = decode::<Claims>(token, &key, &rules).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => Fault::Key,
        _ => Fault::Rule(error.to_string()),
    })?;
    let claims = claims.claims;
    if !claims.is_for(expected.client_id) {
        return Err(rule("it was made for another client"));
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(rule("it belongs to another sign-in (nonce)"));
    }
    if !(1..=LONGEST_SUBJECT).contains(&claims.sub.len()) {
        return Err(rule("its subject is none"));
    }
    Ok(claims)
}

/// The RSA key of that id. A token may leave it out where there is one key only.
fn key<'a>(keys: &'a JwkSet, kid: Option<&str>) -> Option<&'a Jwk> {
    let signs = |key: &&Jwk| {
        let encrypts = matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
        matches!(key.algorithm, AlgorithmParameters::RSA(_)) && !encrypts
    };
    let mut usable = keys.keys.iter().filter(signs);
    match kid {
        Some(kid) => usable.find(|key| key.common.key_id.as_deref() == Some(kid)),
        None => usable.next().filter(|_| usable.next().is_none()),
    }
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
