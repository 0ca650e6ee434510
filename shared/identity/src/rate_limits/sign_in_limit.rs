//! The rate limit of a network that begins sign-ins with providers. No account is named yet, so only the network is counted.

use aws_kit::Settings;
use aws_lc_rs::hmac;
use values::{Error, Result, Timestamp};

use crate::rate_limits::limits::keyed_digest;
use crate::rate_limits::network::Network;
use crate::rate_limits::sliding_window::{RateLimit, RateLimitStatus};
use crate::store::Store;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct SignInRateLimit {
    key: hmac::Key,
    limit: RateLimit,
}

impl SignInRateLimit {
    /// Reads `SOUK_RATE_LIMIT_KEY` and `SOUK_LIMIT_SIGN_IN_NETWORK`: the limit per minute and per hour, such as `20/200`.
    pub fn from_env() -> Result<Self> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, Settings.required("SOUK_RATE_LIMIT_KEY")?.as_bytes());
        let limit = Settings.required("SOUK_LIMIT_SIGN_IN_NETWORK")?.parse();
        let message = "SOUK_LIMIT_SIGN_IN_NETWORK must be a limit per minute and per hour, such as 20/200";
        Ok(Self { key, limit: limit.map_err(|_: Error| Error::internal(message))? })
    }

    /// Counts an attempt. 1 read and 1 write side by side.
    pub(crate) async fn count(&self, store: &Store, network: &Network, now: Timestamp) -> Result<RateLimitStatus> {
        let digest = keyed_digest(&self.key, &[b"network", b"sign-in", network.bytes()]);
        Ok(RateLimitStatus::of(self.limit, store.count_alone(&digest, now).await?, now))
    }
}
