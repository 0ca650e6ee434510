//! Giving an account a role: how the first admin comes to be. No API calls it; housekeeping does, for an operator.

use aws_kit::TokenTrust;
use values::{Actor, Email, Error, Kind, Result, Role, UserId};

use crate::account::Accounts;
use crate::end_all_sessions::end_all_sessions;
use crate::standing::{Standing, change};

/// Sets the role of the account with this email; 404 `account_unknown` when there is none. Whoever is an admin no longer is logged out
/// everywhere; tokens of whoever becomes one say the old role until they are refreshed. 2 reads, 1 more where there are API keys, 1
/// transaction, and 1 more where sessions end.
pub async fn grant_role(
    accounts: &Accounts,
    trust: &TokenTrust,
    email: &Email,
    role: Role,
    actor: &Actor,
) -> Result<UserId> {
    let missing = || Error::new(Kind::NotFound, "account_unknown", "There is no account with this email.");
    let user = accounts.store.user_of(email).await?.ok_or_else(missing)?;
    change(accounts, user, None, actor, |was| Standing { role, ..was }).await?;
    if role != Role::Admin {
        end_all_sessions(accounts, trust, user).await?;
    }
    Ok(user)
}
