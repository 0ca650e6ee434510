//! Logs the caller out.

use aws_kit::TokenTrust;
use values::{Caller, Error, Permission, Result};

use crate::service::AccountService;

impl AccountService {
    /// Ends the caller's session, also when it has ended already; 403 `login_required` for an API key, which has none. 1
    /// transaction.
    pub async fn log_out(&self, trust: &TokenTrust, caller: &Caller) -> Result<()> {
        caller.require(Permission::ManageCredentials)?;
        match caller {
            Caller::User { id, session, .. } => {
                self.session_end(trust, *id, *session)?.commit().await.map_err(Error::from)
            }
            Caller::Guest | Caller::Key { .. } => Ok(()),
        }
    }
}
