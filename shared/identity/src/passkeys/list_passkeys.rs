//! Lists the passkeys of an account.

use std::cmp::Reverse;

use values::{Caller, Result};

use crate::passkeys::passkey::{Passkey, PasskeyView};
use crate::service::AccountService;

impl AccountService {
    /// The caller's passkeys, newest first; 401 `session_ended`. 1 batch read, 1 query.
    pub async fn passkeys(&self, caller: &Caller) -> Result<Vec<PasskeyView>> {
        let user = self.require_session(caller).await?.0.user_id;
        let mut passkeys = self.store.passkeys(user).await?;
        passkeys.sort_by_key(|passkey| Reverse(passkey.created_at));
        Ok(passkeys.iter().map(Passkey::view).collect())
    }
}
