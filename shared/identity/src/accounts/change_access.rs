//! Changes the role or the status of an account.

use aws_kit::{Changes, ConditionFailures, Decision, OptimisticWrite};
use events::SecurityChange;
use values::{Error, ExpectedVersion, Result, Role, Trace, UserId};

use crate::accounts::access::Access;
use crate::accounts::account::Account;
use crate::service::AccountService;

impl AccountService {
    /// Applies `next` to an account's role and status, with its index keys, its API keys and a line of its history in the same
    /// transaction, and for another role its events. Writes nothing and returns false if nothing changes. With `expected`, only at
    /// that version (412 `version_mismatch`). 404 for
    /// an unknown account. 1 read, 1 more where there are API keys, 1 transaction; all again after a concurrent update.
    pub(crate) async fn change_access(
        &self,
        user: UserId,
        expected: Option<&ExpectedVersion>,
        trace: &Trace,
        next: impl Fn(Access) -> Access + Sync,
    ) -> Result<bool> {
        let next = &next;
        let decide = |_: Option<ConditionFailures>| async move {
            let account = self.store.account(user).await?.ok_or_else(|| Error::not_found("account"))?;
            if expected.is_some_and(|expected| !expected.matches(account.version)) {
                return Err(Error::version_mismatch("account"));
            }
            let (before, after) = (Access::of(&account), next(Access::of(&account)));
            if before == after {
                return Ok(Decision::Unchanged(false));
            }
            let keys = self.store.api_keys_if_any(&account).await?;
            let mut change = self.store.set_access(&account, &after, &keys, &trace.actor, self.clock.now())?;
            if after.role != before.role {
                let changed = Account { version: account.version + 1, ..account };
                change.add_all(self.security_event(&changed, SecurityChange::RoleChanged, trace)?);
                if after.role == Role::Admin {
                    change.add_all(self.security_event(&changed, SecurityChange::AdminAdded, trace)?);
                }
            }
            Ok(Changes::new(change, true).into())
        };
        OptimisticWrite::new(&self.store.table, &self.clock).run(decide).await
    }
}
