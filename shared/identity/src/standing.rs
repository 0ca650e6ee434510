//! What an account may do and whether it may be used, changed by an admin or an operator: one transaction that moves along
//! where the account is found, tells its API keys, and writes a line of its history.

use aws_kit::{Backoff, CommitError};
use values::{Actor, Error, ExpectedVersion, Result, Role, UserId};

use crate::account::{Account, Accounts, Status};

/// Role and status, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) role: Role,
    pub(crate) status: Status,
    /// Why it is suspended, if somebody said so.
    pub(crate) reason: Option<String>,
}

impl Standing {
    pub(crate) fn of(account: &Account) -> Self {
        Self { role: account.role, status: account.status, reason: account.status_reason.clone() }
    }
}

/// Changes an account to what `next` makes of it; nothing is written when it is so already. With `held`, only at that version
/// (412). 1 read, 1 more where there are API keys, 1 transaction; all again when somebody was faster.
pub(crate) async fn change(
    accounts: &Accounts,
    user: UserId,
    held: Option<&ExpectedVersion>,
    actor: &Actor,
    next: impl Fn(Standing) -> Standing,
) -> Result<()> {
    let missing = || Error::not_found("account");
    let mut backoff = Backoff::start();
    loop {
        let before = accounts.store.account_alone(user).await?.ok_or_else(missing)?;
        if held.is_some_and(|held| !held.matches(before.version)) {
            return Err(Error::version_mismatch("account"));
        }
        let (was, next) = (Standing::of(&before), next(Standing::of(&before)));
        if was == next {
            return Ok(());
        }
        let keys = accounts.store.api_keys_of(&before).await?;
        let changed = accounts.store.set_standing(&before, &next, &keys, actor, accounts.clock.now())?;
        match changed.commit().await {
            Ok(()) => return Ok(()),
            Err(CommitError::ConditionFailed(_)) if backoff.wait().await => {}
            Err(error) => return Err(error.into()),
        }
    }
}
