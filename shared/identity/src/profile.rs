//! An account as its owner sees it, and its new name.

use values::{Error, ExpectedVersion, Kind, Result, UserId};

use crate::account::{Accounts, Name, User};

/// The account and who is behind it. 1 read.
pub async fn profile(accounts: &Accounts, user: UserId) -> Result<User> {
    let found = accounts.store.account(user).await?;
    let (account, person) = found.ok_or_else(|| Error::not_found("account"))?;
    Ok(User::of(&account, person))
}

/// The same as an admin sees it: with why it is suspended. 1 read.
pub async fn account(accounts: &Accounts, user: UserId) -> Result<User> {
    let found = accounts.store.account(user).await?;
    let (account, person) = found.ok_or_else(|| Error::not_found("account"))?;
    Ok(User { status_reason: account.status_reason.clone(), ..User::of(&account, person) })
}

/// Gives the person another name. With `held`, only if that is the present version (412). 1 read, 1 transaction.
pub async fn rename(accounts: &Accounts, user: UserId, name: Name, held: Option<&ExpectedVersion>) -> Result<User> {
    let before = profile(accounts, user).await?;
    if held.is_some_and(|held| !held.matches(before.version)) {
        let detail = "The profile was changed since you read it. Read it again.";
        return Err(Error::new(Kind::PreconditionFailed, "version_mismatch", detail));
    }
    let now = accounts.clock.now();
    accounts.store.rename(user, (&before.email, &name), before.version, now)?.commit().await?;
    Ok(User { name, version: before.version + 1, updated_at: now, ..before })
}
