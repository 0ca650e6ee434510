//! The sessions of an account: what its owner sees of them, and ending one.

use aws_kit::TokenTrust;
use serde::Serialize;
use values::{Caller, Error, Result, SessionId, Timestamp};

use crate::account::Accounts;
use crate::logout::end;
use crate::present::found;
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

/// The caller's sessions that are not over, newest first, 100 at most; 401 `session_ended` when the one that asks is over.
/// 2 reads.
pub async fn sessions(accounts: &Accounts, caller: &Caller) -> Result<Vec<SessionView>> {
    let ((account, _), now) = (found(accounts, caller).await?, accounts.clock.now());
    let rows = accounts.store.sessions(account.user_id).await?;
    let is_over = |session: &Session| session.is_over(now) || account.has_ended(session);
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

/// Ends one of the caller's sessions; 404 when there is no such one, 401 `session_ended` when the one that asks is over. 2 reads, 1
/// transaction.
pub async fn end_session(accounts: &Accounts, trust: &TokenTrust, caller: &Caller, session: SessionId) -> Result<()> {
    let user = found(accounts, caller).await?.0.user_id;
    accounts.store.session(user, session).await?.ok_or_else(|| Error::not_found("session"))?;
    end(accounts, trust, user, session).await
}
