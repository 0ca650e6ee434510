//! Ends all sessions of an account at once, because it was suspended or lost a role, or its owner wants it.

use aws_kit::{TokenTrust, Transaction};
use values::{Error, Result, UserId};

use crate::service::AccountService;
use crate::tokens::lifetime::REVOCATION_SECONDS;

impl AccountService {
    /// Ends every session that has begun: here at once, and everywhere when the last cached list of revocations is stale. 1
    /// transaction.
    pub(crate) async fn end_all_sessions(&self, trust: &TokenTrust, user: UserId) -> Result<()> {
        let now = self.clock.now();
        let mut transaction = Transaction::new();
        transaction.add(self.store.end_sessions(user, now)?);
        transaction.add(trust.revoke_all(user, now, now.plus_seconds(REVOCATION_SECONDS))?);
        transaction.commit().await.map_err(Error::from)
    }
}
