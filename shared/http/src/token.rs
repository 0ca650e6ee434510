//! JSON Web Tokens: the shop's own claims, and the errors of every token.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::de::DeserializeOwned;
use values::{AccessClaims, Error, Kind, Result, Timestamp};

/// The accepted difference between two clocks, in seconds.
const LEEWAY_SECONDS: u64 = 5;

/// Returns the claims of an access token that this shop has signed with `key`.
pub(crate) fn check_own(token: &str, key: &DecodingKey, issuer: &str) -> Result<AccessClaims> {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[AccessClaims::AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.leeway = LEEWAY_SECONDS;
    decode_claims(token, key, &rules)
}

/// Returns the claims of a token that passes `rules`. Fails with 401 `token_expired` or `invalid_token`.
pub(crate) fn decode_claims<T: DeserializeOwned>(token: &str, key: &DecodingKey, rules: &Validation) -> Result<T> {
    match decode::<T>(token, key, rules) {
        Ok(data) => Ok(data.claims),
        Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(token_expired()),
        Err(error) => Err(invalid_token(error.to_string())),
    }
}

/// The 401 for a token that was accepted, and is no longer.
pub(crate) fn token_expired() -> Error {
    let detail = "The access token has expired. Refresh it or log in again.";
    Error::new(Kind::Unauthenticated, "token_expired", detail)
}

/// A time in a token, which has seconds since 1970.
pub(crate) fn of_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

/// The 401 for a token that is not accepted. Only the log has the cause.
pub(crate) fn invalid_token(cause: impl Into<String>) -> Error {
    Error::new(Kind::Unauthenticated, "invalid_token", "The access token is not valid. Log in again.")
        .caused_by(cause.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use values::{Clock, Role};

    const ISSUER: &str = "https://shop.example";

    /// Signs claims that expire in `seconds`, and checks the token with the matching public key.
    fn checked(seconds: i64, issuer: &str, audience: &str) -> Result<AccessClaims> {
        let pair = Ed25519KeyPair::generate().unwrap();
        let now = Clock::System.now().seconds();
        let claims = AccessClaims {
            iss: issuer.into(),
            aud: audience.into(),
            sub: Clock::System.mint(),
            sid: Clock::System.mint(),
            role: Role::Customer,
            iat: now,
            exp: now + seconds,
            auth_time: None,
            amr: Vec::new(),
        };
        let signing = EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref());
        let token = encode(&Header::new(Algorithm::EdDSA), &claims, &signing).unwrap();
        check_own(&token, &DecodingKey::from_ed_der(pair.public_key().as_ref()), ISSUER)
    }

    #[test]
    fn token_is_accepted_until_it_expires_and_only_by_its_shop() {
        assert!(checked(60, ISSUER, AccessClaims::AUDIENCE).is_ok());
        assert_eq!(checked(-60, ISSUER, AccessClaims::AUDIENCE).unwrap_err().code, "token_expired");
        assert_eq!(checked(60, "https://other.example", AccessClaims::AUDIENCE).unwrap_err().code, "invalid_token");
        assert_eq!(checked(60, ISSUER, "another").unwrap_err().code, "invalid_token");
    }
}
