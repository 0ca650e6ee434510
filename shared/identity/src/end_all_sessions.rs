//! Ending every session of an account, wherever it is logged in.

use aws_kit::{Transaction, Trust};
use values::{Error, Result, UserId};

use crate::account::Accounts;
use crate::logout::MARGIN_SECONDS;
use crate::token::LIFETIME_SECONDS;

/// Two writes a session, within DynamoDB's 100.
const SESSIONS_AT_ONCE: usize = 50;

/// Ends all sessions of an account: from now on none that began before is refreshed, and their access tokens end within a
/// minute. Done again, it ends what a crash left. 1 write, 1 read, 1 transaction for each 50 sessions.
pub async fn end_all_sessions(accounts: &Accounts, trust: &Trust, user: UserId) -> Result<()> {
    let now = accounts.clock.now();
    accounts.store.mark_sessions_ended(user, now)?.run().await?.map_err(|_| Error::not_found("account"))?;
    let tokens_end = now.plus_seconds(LIFETIME_SECONDS + MARGIN_SECONDS);
    loop {
        let sessions = accounts.store.sessions(user).await?;
        if sessions.is_empty() {
            return Ok(());
        }
        for some in sessions.chunks(SESSIONS_AT_ONCE) {
            let mut transaction = Transaction::new();
            for session in some {
                transaction.add(accounts.store.delete_session(user, session.session_id));
                transaction.add(trust.revoke(session.session_id, tokens_end)?);
            }
            transaction.commit().await.map_err(Error::from)?;
        }
    }
}
