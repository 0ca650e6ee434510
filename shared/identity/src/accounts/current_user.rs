//! The caller's own account as it is now. `auth` answers from the table, so that an ended session is over here at once.

use values::{ApiKey, Caller, Result};

use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// The caller's account. 401 `session_ended` when the session of the token has ended, `invalid_api_key` when the API key was
    /// revoked; 403 `account_suspended`. 1 read.
    pub async fn current_user(&self, caller: &Caller) -> Result<User> {
        let user = caller.require_user()?;
        let (account, person) = match caller {
            Caller::Key { key, .. } => self.store.account_by_api_key(user, *key).await?.ok_or_else(ApiKey::invalid)?,
            _ => self.require_session(caller).await?,
        };
        account.require_active()?;
        Ok(User::for_owner(&account, person))
    }
}
