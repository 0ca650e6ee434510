//! Removes a passkey.

use values::{Caller, Error, PasskeyId, Result};

use crate::second_factors::factor_context::FactorContext;
use crate::second_factors::factors::{FactorMethod, SecondFactors};
use crate::service::AccountService;

impl AccountService {
    /// Removes a passkey of the caller. 404 when there is none with that id; 409 `second_factor_required`,
    /// `too_many_concurrent_updates`; 401 `session_ended`. 1 batch read, 1 read, 1 transaction.
    pub async fn remove_passkey(&self, context: FactorContext<'_>, caller: &Caller, id: PasskeyId) -> Result<()> {
        let (account, _) = self.require_session(caller).await?;
        let user = account.user_id;
        if self.store.passkey(user, id).await?.is_none() {
            return Err(Error::not_found("passkey"));
        }
        let passkeys = account.second_factors.passkeys.saturating_sub(1);
        let next = SecondFactors { passkeys, ..account.second_factors };
        let own = vec![self.store.delete_passkey(user, id)];
        self.remove_factor(context, &account, (FactorMethod::Passkey, next), own).await
    }
}
