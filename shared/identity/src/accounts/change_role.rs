//! Changes the role of an account, by an admin.

use aws_kit::TokenTrust;
use values::{Actor, Error, ExpectedVersion, Result, Role, UserId};

use crate::accounts::access::Access;
use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// Changes a role. With `expected`, only if that is the account's version (412 `version_mismatch`). An account that is no
    /// longer an admin's loses all its sessions, because its tokens still say that it is. 409 `own_role` for an admin who would
    /// give up their own role. A repeated call ends the sessions that a crash left. 2 reads, 1 transaction, and 1 more where
    /// sessions end.
    pub async fn change_role(
        &self,
        trust: &TokenTrust,
        (admin, actor): (UserId, &Actor),
        user: UserId,
        role: Role,
        expected: Option<&ExpectedVersion>,
    ) -> Result<User> {
        if admin == user && role != Role::Admin {
            return Err(Error::conflict("own_role", "You cannot give up your own role. Ask another admin."));
        }
        self.change_access(user, expected, actor, |before| Access { role, ..before }).await?;
        if role != Role::Admin {
            self.end_all_sessions(trust, user).await?;
        }
        self.user(user).await
    }
}
