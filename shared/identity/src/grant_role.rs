//! Giving an account a role: how the first admin comes to be. No API calls it; housekeeping does, for an operator.

use values::{Email, Error, Result, Role, UserId};

use crate::account::Accounts;

/// Sets the role of the account with this email. Tokens made before say the old role until they expire. 1 read, 1 write.
pub async fn grant_role(accounts: &Accounts, email: &Email, role: Role) -> Result<UserId> {
    let missing = || Error::not_found("account with this email");
    let user = accounts.store.user_of(email).await?.ok_or_else(missing)?;
    accounts.store.set_role(user, role, accounts.clock.now())?.run().await?.map_err(|_| missing())?;
    Ok(user)
}
