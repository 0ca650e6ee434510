//! Changes the role of an account, by an admin.

use aws_kit::TokenTrust;
use telemetry::{SecurityEvent, SecurityKind};
use values::{Error, ExpectedVersion, Result, Role, Trace, UserId};

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
        (admin, trace): (UserId, &Trace),
        user: UserId,
        role: Role,
        expected: Option<&ExpectedVersion>,
    ) -> Result<User> {
        if admin == user && role != Role::Admin {
            return Err(Error::conflict("own_role", "You cannot give up your own role. Ask another admin."));
        }
        if self.change_access(user, expected, trace, |before| Access { role, ..before }).await? {
            report_role_change(&admin.to_string(), user, role);
        }
        if role != Role::Admin {
            self.end_all_sessions(trust, user).await?;
        }
        self.user(user).await
    }
}

/// Reports the new role of an account.
pub(crate) fn report_role_change(actor: &str, user: UserId, role: Role) {
    SecurityEvent::new(SecurityKind::RoleChanged, actor, &user.to_string()).with_detail(role.name()).log();
}
