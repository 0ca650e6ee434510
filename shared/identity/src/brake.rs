//! Braking a network where no account is named yet: beginning a sign-in with a provider.

use aws_kit::Settings;
use aws_lc_rs::hmac;
use values::{Error, Result, Timestamp};

use crate::network::Network;
use crate::store::Store;
use crate::throttle::{Limit, Standing};
use crate::throttles::digest;

/// The limit, and the key that hides what it is counted under. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Brake {
    key: hmac::Key,
    limit: Limit,
}

impl Brake {
    /// As `SOUK_THROTTLE_KEY` and `SOUK_LIMIT_SIGN_IN_NETWORK` say, the limit as `20/200`: per minute and hour.
    pub fn from_env() -> Result<Self> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, Settings.required("SOUK_THROTTLE_KEY")?.as_bytes());
        let limit = Settings.required("SOUK_LIMIT_SIGN_IN_NETWORK")?.parse();
        let told = "SOUK_LIMIT_SIGN_IN_NETWORK is no limit per minute and hour, such as 20/200";
        Ok(Self { key, limit: limit.map_err(|_: Error| Error::internal(told))? })
    }

    /// Counts an attempt. 1 read and 1 write side by side.
    pub(crate) async fn count(&self, store: &Store, network: &Network, now: Timestamp) -> Result<Standing> {
        let digest = digest(&self.key, &[b"network", b"sign-in", network.bytes()]);
        Ok(Standing::of(self.limit, store.count_alone(&digest, now).await?, now))
    }
}
