//! Removes the authenticator app of an account.

use values::{Caller, Error, Result};

use crate::second_factors::factor_context::FactorContext;
use crate::second_factors::factors::{FactorMethod, SecondFactors};
use crate::service::AccountService;

impl AccountService {
    /// Removes the app. 404 when there is none; 409 `second_factor_required`, `too_many_concurrent_updates`; 401 `session_ended`. 1
    /// batch read, 1 transaction.
    pub async fn remove_totp(&self, context: FactorContext<'_>, caller: &Caller) -> Result<()> {
        let (account, _) = self.require_session(caller).await?;
        if !account.second_factors.totp {
            return Err(Error::not_found("authenticator app"));
        }
        let next = SecondFactors { totp: false, ..account.second_factors };
        let own = vec![self.store.delete_totp(account.user_id)];
        self.remove_factor(context, &account, (FactorMethod::Totp, next), own).await
    }
}
