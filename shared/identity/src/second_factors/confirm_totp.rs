//! Makes a new authenticator app valid.

use values::{Amr, Caller, Error, Kind, Result};

use crate::second_factors::add_factor::{FactorAdded, require_may_enrol};
use crate::second_factors::enrol_totp::totp_already_active;
use crate::second_factors::factor_context::FactorContext;
use crate::second_factors::factors::{FactorMethod, SecondFactors};
use crate::second_factors::prove::invalid_mfa_code;
use crate::service::AccountService;

impl AccountService {
    /// Makes the pending app valid by a first code of it, which cannot be used again. The account's first second factor brings
    /// recovery codes and the tokens of a new session; all other sessions end. 403 `invalid_mfa_code`, `email_not_verified`,
    /// `account_suspended`; 409 `totp_not_pending`, `totp_already_active`, `too_many_concurrent_updates`; 401 `session_ended`. 1 batch
    /// read, 1 read, 1 transaction.
    pub async fn confirm_totp(&self, context: FactorContext<'_>, caller: &Caller, code: &str) -> Result<FactorAdded> {
        let (account, _, session) = self.open_session(caller).await?;
        require_may_enrol(&account)?;
        if account.second_factors.totp {
            return Err(totp_already_active());
        }
        let (user, now) = (account.user_id, self.clock.now());
        let pending = self.store.pending_totp(user).await?.filter(|row| !row.is_over(now)).ok_or_else(|| {
            let detail = "There is no authenticator app to confirm. Begin again with `POST /auth/mfa/totp`.";
            Error::conflict("totp_not_pending", detail)
        })?;
        let step = pending.step_of(&context.policy.factor_keys, user, code, now)?;
        // The caller is logged in, so the answer is no 401, at which clients log out.
        let step = step.ok_or_else(|| Error { kind: Kind::Forbidden, ..invalid_mfa_code() })?;
        let own = self.store.confirm_totp(user, &pending, &pending.clone().confirmed(step, now))?;
        let next = SecondFactors { totp: true, ..account.second_factors };
        self.add_factor(context, (&account, &session), (FactorMethod::Totp, next), (Amr::Otp, own.into())).await
    }
}
