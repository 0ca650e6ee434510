//! Begins to add an authenticator app.

use values::{Caller, Error, Result};

use crate::second_factors::add_factor::require_may_enrol;
use crate::second_factors::totp::{NewTotp, TotpRow};
use crate::service::AccountService;
use crate::sign_in::auth_policy::AuthPolicy;

impl AccountService {
    /// The secret of a new app, which a first code has to confirm within 15 minutes. It takes the place of one that was not confirmed.
    /// 403 `email_not_verified`, `account_suspended`; 409 `totp_already_active`; 401 `session_ended`. 1 batch read, 1 write.
    pub async fn enrol_totp(&self, policy: &AuthPolicy, caller: &Caller) -> Result<NewTotp> {
        let (account, person) = self.require_session(caller).await?;
        require_may_enrol(&account)?;
        if account.second_factors.totp {
            return Err(totp_already_active());
        }
        let names = (policy.shop_name.as_str(), &person.email);
        let (row, new) = TotpRow::pending(&policy.factor_keys, account.user_id, names, self.clock.now())?;
        let stored = self.store.put_pending_totp(account.user_id, &row)?.run().await?;
        stored.map_err(|_| Error::internal("an unconditional put was refused"))?;
        Ok(new)
    }
}

/// 409: the account has an authenticator app.
pub(crate) fn totp_already_active() -> Error {
    let detail = "Your account has an authenticator app. Remove it before you add another one.";
    Error::conflict("totp_already_active", detail)
}
