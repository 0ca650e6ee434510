//! The sessions of an account: what its owner sees of them, and ending one.

use aws_kit::Trust;
use serde::Serialize;
use values::{Caller, Error, Result, SessionId, Timestamp};

use crate::account::Accounts;
use crate::logout::end;
use crate::session::Session;

/// A session as its owner sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// The session.
    pub id: SessionId,
    /// The `User-Agent` it began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were last refreshed.
    pub last_used_at: Timestamp,
    /// Is it the one that asks?
    pub current: bool,
}

/// The caller's sessions that are not over, newest first, 100 at most. 2 reads side by side.
pub async fn sessions(accounts: &Accounts, caller: &Caller) -> Result<Vec<SessionView>> {
    let (user, now) = (caller.require_user()?, accounts.clock.now());
    let (account, rows) = tokio::try_join!(accounts.store.account_alone(user), accounts.store.sessions(user))?;
    let is_over =
        |session: &Session| session.is_over(now) || account.as_ref().is_none_or(|account| account.has_ended(session));
    let is_current = |id| matches!(caller, Caller::User { session, .. } if *session == id);
    let open = rows.into_iter().filter(|session| !is_over(session)).map(|session| SessionView {
        id: session.session_id,
        device: session.device,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        current: is_current(session.session_id),
    });
    Ok(open.collect())
}

/// Ends one of the caller's sessions; 404 when there is no such one. 1 read, 1 transaction.
pub async fn end_session(accounts: &Accounts, trust: &Trust, caller: &Caller, session: SessionId) -> Result<()> {
    let user = caller.require_user()?;
    accounts.store.session(user, session).await?.ok_or_else(|| Error::not_found("session"))?;
    end(accounts, trust, user, session).await
}
