//! Which accounts an admin lists.

use values::{Role, Text};

use crate::accounts::status::AccountStatus;

/// An account is listed if it matches all fields that are set.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// The beginning of the email address or of the name.
    pub search: Option<Text<100>>,
    pub role: Option<Role>,
    pub status: Option<AccountStatus>,
}

impl UserFilter {
    pub(crate) fn matches(&self, role: Role, status: AccountStatus) -> bool {
        self.role.is_none_or(|wanted| wanted == role) && self.status.is_none_or(|wanted| wanted == status)
    }
}
