//! Closing an account: the person goes at once, everything else as soon as somebody hears of it.

use aws_kit::{CommitError, TokenTrust};
use events::{Envelope, Event, UserDeleted};
use tracing::info;
use values::{Caller, Error, Result, Role, Trace};

use crate::account::Accounts;
use crate::logout::TOKENS_END_SECONDS;
use crate::present::found;
use crate::store::{Closed, address_digest};

/// Closes the caller's account, in whose open session that has to be asked for (401 `session_ended`): nobody logs in to it, finds it
/// or reads it from then on, its address can be registered, its sessions and API keys end everywhere within a minute, and an event has everybody
/// erase what they hold of it. Closed already is closed. 409 `admin_account`: who runs the shop has first to give that up.
/// 1 read, 1 more where there are API keys, 1 transaction; 1 read more when it was closed before.
pub async fn close_account(accounts: &Accounts, trust: &TokenTrust, caller: &Caller, trace: &Trace) -> Result<()> {
    let user = caller.require_user()?;
    let (account, person) = match found(accounts, caller).await {
        Ok(found) => found,
        Err(error) => {
            let closed = accounts.store.closed(user).await?;
            return if closed.is_some() { Ok(()) } else { Err(error) };
        }
    };
    if account.role != Role::Customer {
        let detail = "An admin's account is not deleted. Ask another admin to take the role from it first.";
        return Err(Error::conflict("admin_account", detail));
    }
    let now = accounts.clock.now();
    let closed = Closed {
        user_id: user,
        status: "deleted".to_owned(),
        version: account.version + 1,
        created_at: account.created_at,
        closed_at: now,
        address: Some(address_digest(&person.email)),
    };
    let deleted = Event::UserDeleted(UserDeleted { user_id: user, orders_before: None, is_second_pass: false });
    let event = Envelope::new(&accounts.clock, trace, user, closed.version, deleted);
    let revoked = trust.revoke_all(user, now, now.plus_seconds(TOKENS_END_SECONDS))?;
    let keys = accounts.store.api_keys_of(&account).await?;
    match accounts.store.close((&account, &person), &keys, &closed, revoked, &event)?.commit().await {
        Ok(()) => {
            info!(user.id = %user, "an account was closed");
            Ok(())
        }
        // Somebody else, or the same request before, may have closed it; anything else is told.
        Err(CommitError::ConditionFailed(_)) if accounts.store.closed(user).await?.is_some() => Ok(()),
        Err(error) => Err(error.into()),
    }
}
