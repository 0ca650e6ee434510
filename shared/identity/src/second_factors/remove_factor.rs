//! What the removal of a second factor of any kind changes besides its own rows.

use aws_kit::{Transaction, Write};
use events::SecurityChange;
use telemetry::SecurityKind;
use values::{Error, Result, Role};

use crate::accounts::account::Account;
use crate::second_factors::add_factor::report;
use crate::second_factors::factor_context::FactorContext;
use crate::second_factors::factors::{FactorMethod, SecondFactors};
use crate::service::AccountService;

impl AccountService {
    /// Removes a second factor: `next` are the account's factors without it, `own` are the writes of its rows. The removal of the last
    /// one deletes the recovery codes. 409 `second_factor_required` for the last one of an admin, where admins need one;
    /// `too_many_concurrent_updates` when the account has changed or one of the own conditions fails. 1 transaction.
    pub(crate) async fn remove_factor(
        &self,
        context: FactorContext<'_>,
        account: &Account,
        (method, next): (FactorMethod, SecondFactors),
        own: Vec<Write>,
    ) -> Result<()> {
        let (store, now) = (&self.store, self.clock.now());
        if !next.is_any() && context.policy.requires_admin_mfa && account.role == Role::Admin {
            let detail = "Admins of this shop need a second factor. Add another one before you remove this one.";
            return Err(Error::conflict("second_factor_required", detail));
        }
        let mut transaction = Transaction::new();
        transaction.add_all(own);
        transaction.add(store.set_second_factors(account, next, None, now)?);
        if !next.is_any() {
            transaction.add(store.delete_recovery_codes(account.user_id));
        }
        let changed = Account { version: account.version + 1, ..account.clone() };
        transaction.add_all(self.security_event(&changed, SecurityChange::SecondFactorRemoved, context.trace)?);
        transaction.commit().await?;
        report(SecurityKind::SecondFactorRemoved, account, method);
        Ok(())
    }
}
