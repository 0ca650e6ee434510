//! Requires that the session behind the caller's token is still open.

use values::{Caller, Permission, Result, session_ended};

use crate::accounts::account::Account;
use crate::accounts::person::Person;
use crate::service::AccountService;
use crate::sessions::session::Session;

impl AccountService {
    /// The account and the person behind a login; 401 `session_ended` when its session is over, 403 `login_required` for an API
    /// key. 1 read.
    pub(crate) async fn require_session(&self, caller: &Caller) -> Result<(Account, Person)> {
        let (account, person, _) = self.open_session(caller).await?;
        Ok((account, person))
    }

    /// The same with the session.
    pub(crate) async fn open_session(&self, caller: &Caller) -> Result<(Account, Person, Session)> {
        caller.require(Permission::ManageCredentials)?;
        let Caller::User { id, session, .. } = caller else { return Err(session_ended()) };
        let found = self.store.account_by_session(*id, *session).await?;
        let (account, person, session) = found.ok_or_else(session_ended)?;
        if session.is_over(self.clock.now()) || account.has_ended(&session) {
            return Err(session_ended());
        }
        Ok((account, person, session))
    }
}
