//! The person behind an account: the row that is erased with the person.

use serde::{Deserialize, Serialize};
use values::{Email, Error, Result, Role, Text};

use crate::accounts::preferences::Preferences;
use crate::accounts::status::AccountStatus;

/// The name by which mails greet a person.
pub type Name = Text<100>;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) email: Email,
    pub(crate) name: Name,
    /// A copy of the account's role, written in the transaction that changes it: searches for people filter by it.
    #[serde(default = "customer")]
    pub(crate) role: Role,
    /// A copy of the account's status, for the same reason.
    #[serde(default)]
    pub(crate) status: AccountStatus,
    /// JSON of [`Preferences`]; none until the person sets them. It is parsed only where it is needed: as a type, its parser would
    /// be compiled into every function that reads a person.
    #[serde(default)]
    pub(crate) preferences: Option<String>,
    /// How often the preferences were set.
    #[serde(default, rename = "preferencesVersion", skip_serializing_if = "Option::is_none")]
    pub(crate) preferences_version: Option<u64>,
}

impl Person {
    /// The person of a new account.
    pub(crate) fn new(email: Email, name: Name) -> Self {
        let (role, status) = (Role::Customer, AccountStatus::Active);
        Self { email, name, role, status, preferences: None, preferences_version: None }
    }

    /// The person's preferences, or the defaults.
    pub(crate) fn preferences(&self) -> Result<Preferences> {
        let version = self.preferences_version.unwrap_or_default();
        let stored = self.preferences.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        Ok(Preferences { version, ..stored.unwrap_or_default() })
    }
}

/// Rows of early releases have no role.
fn customer() -> Role {
    Role::Customer
}
