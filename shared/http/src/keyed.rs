//! Who calls with an API key: a program that acts as an account, within what its key is for.

use aws_kit::sha256_hex;
use http::{HeaderMap, header};
use values::{ApiKey, Caller, Clock, Error, Kind, Result};

use crate::Verifier;

/// Carries an API key.
const API_KEY: &str = "x-api-key";

/// The key that a request carries, if it is one; 400 `ambiguous_credentials` beside a token, for the two may be of different accounts.
pub(crate) fn api_key(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(key) = headers.get(API_KEY) else { return Ok(None) };
    if headers.contains_key(header::AUTHORIZATION) {
        let detail = "Send either `Authorization` or `X-Api-Key`, not both.";
        return Err(Error::new(Kind::Malformed, "ambiguous_credentials", detail));
    }
    Ok(Some(key.to_str().unwrap_or_default()))
}

impl Verifier {
    /// The caller behind an API key. 401 `invalid_api_key` (without a look at the table where it is mistyped), `api_key_expired`; 403
    /// `account_suspended`. 1 read unless this sandbox has read it in the last 30 seconds.
    pub(crate) async fn verify_key(&self, text: &str) -> Result<Caller> {
        let (key, now) = (text.parse::<ApiKey>()?, Clock::System.now());
        let found = self.trust().api_keys().find(&sha256_hex(key.as_str().as_bytes()), now).await?;
        let granted = found.ok_or_else(ApiKey::invalid)?;
        if granted.has_expired(now) {
            let detail = "This API key has expired. Log in and make another.";
            return Err(Error::new(Kind::Unauthenticated, "api_key_expired", detail));
        }
        if !granted.active {
            let detail = "This account is suspended. Write to the shop.";
            return Err(Error::new(Kind::Forbidden, "account_suspended", detail));
        }
        Ok(Caller::Key { id: granted.user_id, role: granted.role, key: granted.key_id, scopes: granted.scopes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_is_one_callers() {
        let headers =
            |names: &[&'static str]| names.iter().map(|name| (name.parse().unwrap(), "x".parse().unwrap())).collect();
        let told = |headers: HeaderMap| api_key(&headers).map(|key| key.map(str::to_owned)).map_err(|error| error.code);
        assert_eq!(told(headers(&["authorization"])), Ok(None));
        assert_eq!(told(headers(&["x-api-key"])), Ok(Some("x".to_owned())));
        assert_eq!(told(headers(&["x-api-key", "authorization"])), Err("ambiguous_credentials"));
    }
}
