//! Who calls, as the tables have it now: what `auth` asks before it answers, so that a session that has ended is over here at once.

use values::{Caller, Error, Kind, Result};

use crate::account::{Account, Accounts, Person, User};

/// The caller's account; 401 `session_ended` when the session behind the token is over, whoever ended it. 1 read.
pub async fn present(accounts: &Accounts, caller: &Caller) -> Result<User> {
    let (account, person) = found(accounts, caller).await?;
    Ok(User::of(&account, person))
}

/// The rows behind it. 1 read.
pub(crate) async fn found(accounts: &Accounts, caller: &Caller) -> Result<(Account, Person)> {
    let user = caller.require_user()?;
    let Caller::User { session, .. } = caller else { return Err(ended()) };
    let found = accounts.store.present(user, *session).await?;
    let (account, person, session) = found.ok_or_else(ended)?;
    if session.is_over(accounts.clock.now()) || account.has_ended(&session) {
        return Err(ended());
    }
    Ok((account, person))
}

fn ended() -> Error {
    Error::new(Kind::Unauthenticated, "session_ended", "This session has ended. Log in again.")
}
