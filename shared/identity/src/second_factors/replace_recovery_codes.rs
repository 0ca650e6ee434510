//! Replaces the recovery codes of an account.

use aws_kit::Transaction;
use events::SecurityChange;
use values::{Caller, Error, Result};

use crate::second_factors::factor_context::FactorContext;
use crate::second_factors::recovery_codes::{NewRecoveryCodes, RecoveryRow};
use crate::service::AccountService;

impl AccountService {
    /// New recovery codes in the place of all earlier ones. 409 `no_second_factor`, `too_many_concurrent_updates`; 401
    /// `session_ended`. 1 batch read, 1 transaction.
    pub async fn replace_recovery_codes(
        &self,
        context: FactorContext<'_>,
        caller: &Caller,
    ) -> Result<NewRecoveryCodes> {
        let (account, _) = self.require_session(caller).await?;
        if !account.second_factors.is_any() {
            return Err(no_second_factor());
        }
        let (row, codes) = RecoveryRow::random(&context.policy.factor_keys, account.user_id, self.clock.now())?;
        let mut transaction = Transaction::new();
        transaction.add(self.store.put_recovery_codes(account.user_id, &row)?);
        // A concurrent removal of the last factor must not leave codes.
        transaction.add(self.store.check_unchanged(&account)?);
        transaction.add_all(self.security_event(&account, SecurityChange::RecoveryCodesReplaced, context.trace)?);
        transaction.commit().await?;
        Ok(codes)
    }
}

/// 409: the account has no second factor.
pub(crate) fn no_second_factor() -> Error {
    Error::conflict("no_second_factor", "Your account has no second factor. Add one first.")
}
