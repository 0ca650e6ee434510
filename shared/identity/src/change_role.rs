//! Giving an account another role, by an admin.

use aws_kit::TokenTrust;
use values::{Actor, Error, ExpectedVersion, Result, Role, UserId};

use crate::account::{Accounts, User};
use crate::end_all_sessions::end_all_sessions;
use crate::profile::account;
use crate::standing::{Standing, change};

/// Changes a role; with `held`, only if that is the account's present version (412). Whoever is an admin no longer is logged
/// out everywhere, for their tokens still say that they are. 409 `own_role` for an admin who would give up their own. Done
/// again, it ends what a crash left. 2 reads, 1 transaction, and 1 more where sessions end.
pub async fn change_role(
    accounts: &Accounts,
    trust: &TokenTrust,
    (admin, actor): (UserId, &Actor),
    user: UserId,
    role: Role,
    held: Option<&ExpectedVersion>,
) -> Result<User> {
    if admin == user && role != Role::Admin {
        return Err(Error::conflict("own_role", "Nobody takes a role from themselves: ask another admin."));
    }
    change(accounts, user, held, actor, |was| Standing { role, ..was }).await?;
    if role != Role::Admin {
        end_all_sessions(accounts, trust, user).await?;
    }
    account(accounts, user).await
}
