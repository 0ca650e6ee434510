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
}
