//! Ends all sessions of the caller's account.

use aws_kit::TokenTrust;
use tracing::info;
use values::{Caller, Result};

use crate::service::AccountService;

impl AccountService {
    /// Ends all sessions, also the caller's own. 401 `session_ended` when that one is over already. 1 read, 1 transaction.
    pub async fn log_out_everywhere(&self, trust: &TokenTrust, caller: &Caller) -> Result<()> {
        let user = self.require_session(caller).await?.0.user_id;
        self.end_all_sessions(trust, user).await?;
        info!(user.id = %user, "all sessions ended");
        Ok(())
    }
}
