//! Logging out: the session is over here at once, and everywhere when the last cached list of revocations is stale.

use aws_kit::{Transaction, Trust};
use values::{Caller, Error, Result, SessionId, UserId};

use crate::account::Accounts;
use crate::token::LIFETIME_SECONDS;

/// Clocks differ; the revocation outlives the last access token by this.
pub(crate) const MARGIN_SECONDS: i64 = 60;

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
    transaction.add(accounts.store.delete_session(user, session));
    transaction.add(trust.revoke(session, accounts.clock.now().plus_seconds(LIFETIME_SECONDS + MARGIN_SECONDS))?);
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}
