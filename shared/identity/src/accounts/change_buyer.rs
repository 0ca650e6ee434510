//! Changes the customer group or the tax status of an account.

use aws_kit::{Changes, ConditionFailures, Decision, OptimisticWrite};
use telemetry::{SecurityEvent, SecurityKind};
use values::{Caller, Error, ExpectedVersion, Result, Trace, UserId};

use crate::accounts::account::Account;
use crate::accounts::buyer::Buyer;
use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// Applies `next` to an account's customer group and tax status, with a line of its history in the same transaction, and reports the
    /// change. Writes nothing if nothing changes. With `expected`, only at that version (412 `version_mismatch`). 404 for an unknown
    /// account. 1 read, 1 transaction; both again after a concurrent update.
    pub(crate) async fn change_buyer(
        &self,
        (caller, trace): (&Caller, &Trace),
        user: UserId,
        expected: Option<&ExpectedVersion>,
        next: impl Fn(Buyer) -> Buyer + Sync,
    ) -> Result<User> {
        let next = &next;
        let decide = |_: Option<ConditionFailures>| async move {
            let (account, person) = self.account_with_person(user).await?;
            if expected.is_some_and(|expected| !expected.matches(account.version)) {
                return Err(Error::version_mismatch("account"));
            }
            let before = Buyer::of(&account);
            let after = next(before.clone());
            let Some(difference) = after.difference(&before) else {
                return Ok(Decision::Unchanged((User::for_admin(&account, person), None)));
            };
            let now = self.clock.now();
            let change = self.store.set_buyer(&account, &after, &trace.actor, now)?;
            let Buyer { group, tax_status } = after;
            let changed = Account { group, tax_status, version: account.version + 1, updated_at: now, ..account };
            Ok(Changes::new(change, (User::for_admin(&changed, person), Some(difference))).into())
        };
        let (user, difference) = OptimisticWrite::new(&self.store.table, &self.clock).run(decide).await?;
        if let Some(difference) = difference {
            let (actor, subject) = (caller.log_name(), user.id.to_string());
            SecurityEvent::new(SecurityKind::BuyerChanged, &actor, &subject).with_detail(difference).log();
        }
        Ok(user)
    }
}
