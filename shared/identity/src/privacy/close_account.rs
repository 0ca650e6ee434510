//! Closes an account: the person is erased at once, the other rows by workers that receive the event.

use aws_kit::{CommitError, TokenTrust};
use events::{Envelope, Event, UserDeleted};
use tracing::info;
use values::{Caller, Error, Result, Role, Trace};

use crate::privacy::closed_account::ClosedAccount;
use crate::service::AccountService;
use crate::store::email_digest;
use crate::tokens::lifetime::REVOCATION_SECONDS;

impl AccountService {
    /// Closes the caller's account; 401 `session_ended` unless its session is open. From then on no login, lookup or list finds
    /// the account, and its email address can be registered. Its sessions and API keys end everywhere within a minute, and every
    /// context erases its personal data after the event. A repeated call succeeds. 409 `admin_account` for an admin. 1 read, 1
    /// more where there are API keys, 1 transaction; 1 read more when it was closed before.
    pub async fn close_account(&self, trust: &TokenTrust, caller: &Caller, trace: &Trace) -> Result<()> {
        let user = caller.require_user()?;
        let (account, person) = match self.require_session(caller).await {
            Ok(found) => found,
            Err(error) => {
                let closed = self.store.closed_account(user).await?;
                return if closed.is_some() { Ok(()) } else { Err(error) };
            }
        };
        if account.role != Role::Customer {
            let detail = "An admin's account cannot be deleted. Ask another admin to make it a customer's first.";
            return Err(Error::conflict("admin_account", detail));
        }
        let now = self.clock.now();
        let closed = ClosedAccount {
            user_id: user,
            status: "deleted".to_owned(),
            version: account.version + 1,
            created_at: account.created_at,
            closed_at: now,
            email_digest: Some(email_digest(&person.email)),
        };
        let deleted = Event::UserDeleted(UserDeleted { user_id: user, orders_before: None, is_second_pass: false });
        let event = Envelope::new(&self.clock, trace, user, closed.version, deleted);
        let revocation = trust.revoke_all(user, now, now.plus_seconds(REVOCATION_SECONDS))?;
        let keys = self.store.api_keys_if_any(&account).await?;
        let close = self.store.close_account((&account, &person), &keys, &closed, revocation, &event)?;
        match close.commit().await {
            Ok(()) => {
                info!(user.id = %user, "account closed");
                Ok(())
            }
            // A concurrent request may have closed it; every other failure is an error.
            Err(CommitError::ConditionFailed(_)) if self.store.closed_account(user).await?.is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
