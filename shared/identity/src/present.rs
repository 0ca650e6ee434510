//! Who calls, as the tables have it now: what `auth` asks before it answers, so that a session that has ended is over here at once.

use values::{ApiKey, Caller, Error, Kind, Permission, Result};

use crate::account::{Account, Accounts, Person, User};

/// The caller's account, for whoever may look at it; 401 `session_ended` when the session behind the token is over, whoever ended it,
/// and `invalid_api_key` when the key is revoked. 1 read.
pub async fn present(accounts: &Accounts, caller: &Caller) -> Result<User> {
    let user = caller.require_user()?;
    let (account, person) = match caller {
        Caller::Key { key, .. } => {
            let found = accounts.store.present_by_key(user, *key).await?;
            found.ok_or_else(ApiKey::invalid)?
        }
        _ => found(accounts, caller).await?,
    };
    account.require_active()?;
    Ok(User::of(&account, person))
}

/// The rows behind a login. 1 read.
pub(crate) async fn found(accounts: &Accounts, caller: &Caller) -> Result<(Account, Person)> {
    caller.require(Permission::ManageCredentials)?;
    let Caller::User { id, session, .. } = caller else { return Err(ended()) };
    let found = accounts.store.present(*id, *session).await?;
    let (account, person, session) = found.ok_or_else(ended)?;
    if session.is_over(accounts.clock.now()) || account.has_ended(&session) {
        return Err(ended());
    }
    Ok((account, person))
}

fn ended() -> Error {
    Error::new(Kind::Unauthenticated, "session_ended", "This session has ended. Log in again.")
}
