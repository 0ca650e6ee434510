//! Lists the sessions of an account.

use values::{Caller, Result};

use crate::service::AccountService;
use crate::sessions::session::Session;
use crate::sessions::session_view::SessionView;

impl AccountService {
    /// The caller's sessions that are not over, newest first, at most 100; 401 `session_ended` when the caller's own is over.
    /// 2 reads.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionView>> {
        let ((account, _), now) = (self.require_session(caller).await?, self.clock.now());
        let sessions = self.store.sessions(account.user_id).await?;
        let is_over = |session: &Session| session.is_over(now) || account.has_ended(session);
        let is_current = |id| matches!(caller, Caller::User { session, .. } if *session == id);
        let open = sessions.into_iter().filter(|session| !is_over(session)).map(|session| SessionView {
            id: session.session_id,
            device: session.device,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            current: is_current(session.session_id),
        });
        Ok(open.collect())
    }
}
