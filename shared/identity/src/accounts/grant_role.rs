//! Gives an account a role, for an operator. A shop gets its first admin this way; only housekeeping calls it.

use aws_kit::TokenTrust;
use values::{Email, Error, Kind, Result, Role, Trace, UserId};

use crate::accounts::access::Access;
use crate::accounts::change_role::report_role_change;
use crate::service::AccountService;

impl AccountService {
    /// Sets the role of the account with this email address; 404 `account_unknown` when there is none. An account that is no
    /// longer an admin's loses all its sessions. The tokens of a new admin have the old role until they are refreshed. 2 reads,
    /// 1 more where there are API keys, 1 transaction, and 1 more where sessions end.
    pub async fn grant_role(&self, trust: &TokenTrust, email: &Email, role: Role, trace: &Trace) -> Result<UserId> {
        let missing = || Error::new(Kind::NotFound, "account_unknown", "There is no account with this email address.");
        let user = self.store.user_by_email(email).await?.ok_or_else(missing)?;
        if self.change_access(user, None, trace, |before| Access { role, ..before }).await? {
            report_role_change(&trace.actor.to_string(), user, role);
        }
        if role != Role::Admin {
            self.end_all_sessions(trust, user).await?;
        }
        Ok(user)
    }
}
