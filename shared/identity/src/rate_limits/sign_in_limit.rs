//! The rate limit of a network that begins sign-ins with providers. No account is named yet, so only the network is counted.

use aws_kit::{DigestKey, Settings};
use values::{Error, Network, RateLimitStatus, Result, Timestamp};

use crate::rate_limits::sliding_window::RateLimit;
use crate::store::Store;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct SignInRateLimit {
    key: DigestKey,
    limit: RateLimit,
}

impl SignInRateLimit {
    /// Reads `SOUK_AUTH_KEY` and `SOUK_LIMIT_SIGN_IN_NETWORK`: the limit per minute and per hour, such as `20/200`.
    pub fn from_env() -> Result<Self> {
        let limit = Settings.required("SOUK_LIMIT_SIGN_IN_NETWORK")?.parse();
        let message = "SOUK_LIMIT_SIGN_IN_NETWORK must be a limit per minute and per hour, such as 20/200";
        Ok(Self { key: DigestKey::of_auth_from_env()?, limit: limit.map_err(|_: Error| Error::internal(message))? })
    }

    /// Counts an attempt. 1 read and 1 write side by side.
    pub(crate) async fn count(&self, store: &Store, network: &Network, now: Timestamp) -> Result<RateLimitStatus> {
        let digest = self.key.digest(&[b"network", b"sign-in", network.bytes()]);
        Ok(self.limit.status(store.count_alone(&digest, now).await?, now))
    }
}
