//! Shows the second factors of an account.

use values::{Caller, Result};

use crate::second_factors::factors::{FactorsView, TotpView};
use crate::service::AccountService;

impl AccountService {
    /// The caller's second factors; 401 `session_ended`. 1 batch read, and 2 reads side by side where there are any.
    pub async fn second_factors(&self, caller: &Caller) -> Result<FactorsView> {
        let (account, _) = self.require_session(caller).await?;
        let (user, factors) = (account.user_id, account.second_factors);
        if !factors.is_any() {
            return Ok(FactorsView { totp: None, passkeys: 0, recovery_codes_left: 0 });
        }
        let (totp, recovery) = tokio::try_join!(self.store.totp(user), self.store.recovery_codes(user))?;
        Ok(FactorsView {
            totp: totp.map(|row| TotpView { created_at: row.created_at }),
            passkeys: factors.passkeys,
            recovery_codes_left: recovery.map_or(0, |row| row.codes.len()),
        })
    }
}
