//! Suspends an account or makes it active again, by an admin.

use aws_kit::TokenTrust;
use values::{Error, ExpectedVersion, Result, Text, Trace, UserId};

use crate::accounts::status::AccountStatus;
use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// Changes a status. With `expected`, only if that is the account's version (412 `version_mismatch`). A suspended account
    /// loses all its sessions and cannot log in. Without a reason, the reason of the same status stays. 409 `own_status` for an admin who would suspend themselves. A repeated call
    /// ends the sessions that a crash left. 2 reads, 1 transaction, and 1 more where sessions end.
    pub async fn change_status(
        &self,
        trust: &TokenTrust,
        (admin, trace): (UserId, &Trace),
        user: UserId,
        (status, reason): (AccountStatus, Option<Text<200>>),
        expected: Option<&ExpectedVersion>,
    ) -> Result<User> {
        if admin == user && status != AccountStatus::Active {
            return Err(Error::conflict("own_status", "You cannot suspend your own account. Ask another admin."));
        }
        let reason = reason.map(Text::into_string);
        self.change_access(user, expected, trace, |before| before.with_status(status, reason.clone())).await?;
        if status == AccountStatus::Suspended {
            self.end_all_sessions(trust, user).await?;
        }
        self.user(user).await
    }
}
