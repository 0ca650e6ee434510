//! Suspending an account and letting it in again, by an admin.

use aws_kit::TokenTrust;
use values::{Actor, Error, ExpectedVersion, Result, Text, UserId};

use crate::account::{Accounts, Status, User};
use crate::end_all_sessions::end_all_sessions;
use crate::profile::account;
use crate::standing::{Standing, change};

/// Changes a status; with `held`, only if that is the account's present version (412). A suspended account is logged out
/// everywhere, and cannot log in. 409 `own_status` for an admin who would suspend themselves. Done again, it ends what a crash
/// left. 2 reads, 1 transaction, and 1 more where sessions end.
pub async fn change_status(
    accounts: &Accounts,
    trust: &TokenTrust,
    (admin, actor): (UserId, &Actor),
    user: UserId,
    (status, reason): (Status, Option<Text<200>>),
    held: Option<&ExpectedVersion>,
) -> Result<User> {
    if admin == user && status != Status::Active {
        return Err(Error::conflict("own_status", "Nobody suspends themselves: ask another admin."));
    }
    let reason = reason.map(Text::into_string).filter(|_| status == Status::Suspended);
    change(accounts, user, held, actor, |was| Standing { status, reason: reason.clone(), ..was }).await?;
    if status == Status::Suspended {
        end_all_sessions(accounts, trust, user).await?;
    }
    account(accounts, user).await
}
