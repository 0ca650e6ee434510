//! Ending all sessions of an account at once: its password was reset, or it may do less than before.

use aws_kit::{TokenTrust, Transaction, Write};
use values::{Error, Result, UserId};

use crate::account::Accounts;
use crate::logout::TOKENS_END_SECONDS;

/// Ends every session that began until now, here at once and everywhere when the last cached list of revocations is stale. 1
/// transaction.
pub(crate) async fn end_all_sessions(accounts: &Accounts, trust: &TokenTrust, user: UserId) -> Result<()> {
    let mut transaction = Transaction::new();
    for write in ending(accounts, trust, user)? {
        transaction.add(write);
    }
    transaction.commit().await.map_err(Error::from)
}

/// The two writes that do so, for the transaction of what they are a consequence of.
pub(crate) fn ending(accounts: &Accounts, trust: &TokenTrust, user: UserId) -> Result<[Write; 2]> {
    let now = accounts.clock.now();
    Ok([accounts.store.end_sessions(user, now)?, trust.revoke_all(user, now, now.plus_seconds(TOKENS_END_SECONDS))?])
}
