//! What an admin can change of an account: its role and its status.

use values::Role;

use crate::accounts::account::Account;
use crate::accounts::status::AccountStatus;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) role: Role,
    pub(crate) status: AccountStatus,
    /// Why the account is suspended, if the admin gave a reason.
    pub(crate) reason: Option<String>,
}

impl Access {
    pub(crate) fn of(account: &Account) -> Self {
        Self { role: account.role, status: account.status, reason: account.status_reason.clone() }
    }

    /// With a status, and the reason of a suspension. Without a reason, the same status keeps its own: an admin may send back what GET
    /// answered, which names the reason in another member.
    pub(crate) fn with_status(self, status: AccountStatus, reason: Option<String>) -> Self {
        let reason = match (status, reason) {
            (_, None) if status == self.status => self.reason,
            (AccountStatus::Active, _) => None,
            (AccountStatus::Suspended, reason) => reason,
        };
        Self { role: self.role, status, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_status_keeps_its_reason_unless_there_is_another() {
        use AccountStatus::{Active, Suspended};
        let access =
            |status, reason: Option<&str>| Access { role: Role::Customer, status, reason: reason.map(str::to_owned) };
        for (before, (status, reason), after) in [
            (access(Suspended, Some("fraud")), (Suspended, None), access(Suspended, Some("fraud"))),
            (access(Suspended, Some("fraud")), (Suspended, Some("spam")), access(Suspended, Some("spam"))),
            (access(Suspended, Some("fraud")), (Active, None), access(Active, None)),
            (access(Suspended, Some("fraud")), (Active, Some("a mistake")), access(Active, None)),
            (access(Active, None), (Suspended, None), access(Suspended, None)),
            (access(Active, None), (Suspended, Some("fraud")), access(Suspended, Some("fraud"))),
        ] {
            assert_eq!(before.with_status(status, reason.map(str::to_owned)), after);
        }
    }
}
