//! The caller behind an API key: a program that acts as an account, within the key's scopes.

use aws_kit::sha256_hex;
use values::{ApiKey, Caller, Clock, Error, Kind, Result, account_suspended};

use crate::verifier::Verifier;

impl Verifier {
    pub(crate) fn is_key_cached(&self, key: &ApiKey) -> bool {
        self.trust().api_keys().is_cached(&digest(key))
    }

    /// Returns the caller behind an API key. Fails with 401 `invalid_api_key` or `api_key_expired`, or 403 `account_suspended`.
    /// A mistyped key fails without a read. 1 read, unless this execution environment has read the key in the last 30 seconds.
    pub(crate) async fn verify_api_key(&self, text: &str) -> Result<Caller> {
        let (key, now) = (text.parse::<ApiKey>()?, Clock::System.now());
        let grant = self.trust().api_keys().find(&digest(&key), now).await?;
        let grant = grant.ok_or_else(ApiKey::invalid)?;
        if grant.has_expired(now) {
            let detail = "This API key has expired. Log in and create another.";
            return Err(Error::new(Kind::Unauthenticated, "api_key_expired", detail));
        }
        if !grant.active {
            return Err(account_suspended());
        }
        Ok(Caller::Key { id: grant.user_id, role: grant.role, key: grant.key_id, scopes: grant.scopes })
    }
}

fn digest(key: &ApiKey) -> String {
    sha256_hex(key.as_str().as_bytes())
}
