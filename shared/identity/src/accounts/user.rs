//! An account with its person, as its owner and admins see it.

use serde::Serialize;
use values::{Email, Role, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::accounts::person::{Name, Person};
use crate::accounts::status::AccountStatus;

/// An account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The account.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::UserId"))]
    pub id: UserId,
    pub email: Email,
    pub name: Name,
    pub role: Role,
    pub status: AccountStatus,
    /// Why the account is suspended. Only admins see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::Text<200>>"))]
    pub status_reason: Option<String>,
    /// Whether the person has shown that the email address is theirs.
    pub email_verified: bool,
    /// The time when it was created.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// Rises by one with every change; it is the ETag.
    #[serde(skip)]
    pub version: u64,
}

impl User {
    /// As the owner sees it: without the reason of a suspension.
    pub(crate) fn for_owner(account: &Account, person: Person) -> Self {
        Self {
            id: account.user_id,
            email: person.email,
            name: person.name,
            role: account.role,
            status: account.status,
            status_reason: None,
            email_verified: account.email_verified,
            created_at: account.created_at,
            updated_at: account.updated_at,
            version: account.version,
        }
    }

    /// As admins see it.
    pub(crate) fn for_admin(account: &Account, person: Person) -> Self {
        Self { status_reason: account.status_reason.clone(), ..Self::for_owner(account, person) }
    }
}
