//! Ending every session of an account: the one place that says how.

use aws_kit::{MOST_WRITES, Transaction, Trust};
use values::{Error, Result, UserId};

use crate::account::Accounts;
use crate::logout::end_writes;
use crate::store::MOST_SESSIONS;

/// Two writes end one.
const AT_ONCE: usize = MOST_WRITES / 2;
/// An account with more sessions than this keeps some access tokens until they expire, a quarter of an hour at most.
const MOST_ROUNDS: usize = 20;

/// Deletes the sessions and revokes their access tokens. To be called after `sessionsEndedAt` of the account was set: that ends their
/// refresh tokens, also those of a session that begins at this very moment. 1 read and 1 transaction for each 50.
pub(crate) async fn end_all_sessions(accounts: &Accounts, trust: &Trust, user: UserId) -> Result<()> {
    for _ in 0..MOST_ROUNDS {
        let sessions = accounts.store.sessions(user).await?;
        for some in sessions.chunks(AT_ONCE) {
            let mut transaction = Transaction::new();
            for session in some {
                for write in end_writes(accounts, trust, user, session.session_id)? {
                    transaction.add(write);
                }
            }
            transaction.commit().await.map_err(Error::from)?;
        }
        if sessions.len() < MOST_SESSIONS {
            return Ok(());
        }
    }
    Ok(())
}
