//! Counts an attempt, for its network and for the account that it names.

use values::{RateLimitStatus, Result, Timestamp};

use crate::rate_limits::attempt_history::AttemptHistory;
use crate::rate_limits::attempt_key::AttemptKey;
use crate::service::AccountService;

impl AccountService {
    /// Counts an attempt whose history was read. 2 writes side by side.
    pub(crate) async fn count_attempt(
        &self,
        key: &AttemptKey,
        history: &AttemptHistory,
        now: Timestamp,
    ) -> Result<RateLimitStatus> {
        let account = key.account_counter(history.has_known_network());
        let rows =
            tokio::try_join!(self.store.count(&key.network.digest, now), self.store.count(&account.digest, now))?;
        Ok(key.status(history, account, &rows, now))
    }

    /// Counts an attempt as one from an unknown network. 1 batch read and 2 writes, all side by side.
    pub(crate) async fn count_unknown_attempt(&self, key: &AttemptKey, now: Timestamp) -> Result<RateLimitStatus> {
        let account = key.account_counter(false);
        let (history, network_row, account_row) = tokio::try_join!(
            self.store.attempt_history(key, None, now),
            self.store.count(&key.network.digest, now),
            self.store.count(&account.digest, now)
        )?;
        Ok(key.status(&history, account, &(network_row, account_row), now))
    }
}
