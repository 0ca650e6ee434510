//! Ends one session: it is over here at once, and everywhere when the last cached list of revocations is stale.

use aws_kit::{TokenTrust, Transaction};
use values::{Caller, Error, Result, SessionId, UserId};

use crate::service::AccountService;
use crate::tokens::lifetime::REVOCATION_SECONDS;

impl AccountService {
    /// Ends one of the caller's sessions; 404 for an unknown one, 401 `session_ended` when the caller's own is over. 2 reads, 1
    /// transaction.
    pub async fn end_session(&self, trust: &TokenTrust, caller: &Caller, session: SessionId) -> Result<()> {
        let user = self.require_session(caller).await?.0.user_id;
        self.store.session(user, session).await?.ok_or_else(|| Error::not_found("session"))?;
        self.session_end(trust, user, session)?.commit().await.map_err(Error::from)
    }

    /// The transaction that deletes a session and revokes its access tokens.
    pub(crate) fn session_end(&self, trust: &TokenTrust, user: UserId, session: SessionId) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        transaction.add(self.store.delete_session(user, session));
        transaction.add(trust.revoke(session, self.clock.now().plus_seconds(REVOCATION_SECONDS))?);
        Ok(transaction)
    }
}
