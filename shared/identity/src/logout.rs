//! Logging out: the session is over here at once, and everywhere when the last cached list of revocations is stale.

use aws_kit::{Transaction, Trust, Write};
use values::{Caller, Error, Result, SessionId, UserId};

use crate::account::Accounts;
use crate::token::LIFETIME_SECONDS;

/// Clocks differ; the revocation outlives the last access token by this.
const MARGIN_SECONDS: i64 = 60;

/// Ends the caller's session, also when it has ended already. 1 transaction.
pub async fn logout(accounts: &Accounts, trust: &Trust, caller: &Caller) -> Result<()> {
    let user = caller.require_user()?;
    match caller {
        Caller::User { session, .. } => end(accounts, trust, user, *session).await,
        Caller::Guest => Ok(()),
    }
}

/// Deletes the session and revokes its access tokens, together.
pub(crate) async fn end(accounts: &Accounts, trust: &Trust, user: UserId, session: SessionId) -> Result<()> {
    let mut transaction = Transaction::new();
    for write in end_writes(accounts, trust, user, session)? {
        transaction.add(write);
    }
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}

/// The two writes that end a session everywhere.
pub(crate) fn end_writes(accounts: &Accounts, trust: &Trust, user: UserId, session: SessionId) -> Result<[Write; 2]> {
    let tokens_end = accounts.clock.now().plus_seconds(LIFETIME_SECONDS + MARGIN_SECONDS);
    Ok([accounts.store.delete_session(user, session), trust.revoke(session, tokens_end)?])
}
