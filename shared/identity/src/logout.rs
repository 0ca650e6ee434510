//! Logging out: the session is over here at once, and everywhere when the last cached list of revocations is stale.

use aws_kit::{TokenTrust, Transaction};
use values::{Caller, Error, Permission, Result, SessionId, UserId};

use crate::account::Accounts;
use crate::token::LIFETIME_SECONDS;

/// A revocation outlives the last access token, and clocks differ.
pub(crate) const TOKENS_END_SECONDS: i64 = LIFETIME_SECONDS + 60;

/// Ends the caller's session, also when it has ended already; 403 `login_required` for an API key, which has none. 1 transaction.
pub async fn logout(accounts: &Accounts, trust: &TokenTrust, caller: &Caller) -> Result<()> {
    caller.require(Permission::ManageCredentials)?;
    match caller {
        Caller::User { id, session, .. } => end(accounts, trust, *id, *session).await,
        Caller::Guest | Caller::Key { .. } => Ok(()),
    }
}

/// Deletes the session and revokes its access tokens, together.
pub(crate) async fn end(accounts: &Accounts, trust: &TokenTrust, user: UserId, session: SessionId) -> Result<()> {
    ending(accounts, trust, user, session)?.commit().await.map_err(Error::from)
}

/// The same, before it is committed.
pub(crate) fn ending(accounts: &Accounts, trust: &TokenTrust, user: UserId, session: SessionId) -> Result<Transaction> {
    let mut transaction = Transaction::new();
    transaction.add(accounts.store.delete_session(user, session));
    transaction.add(trust.revoke(session, accounts.clock.now().plus_seconds(TOKENS_END_SECONDS))?);
    Ok(transaction)
}
