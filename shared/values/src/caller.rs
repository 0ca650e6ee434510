//! Callers, their roles, and the trace of a request through its events.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, Error, EventId, Kind, Permission, Result, Scopes, SessionId, UserId};

/// The role of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Can buy.
    Customer,
    /// Can manage the shop.
    Admin,
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "customer" => Ok(Self::Customer),
            "admin" => Ok(Self::Admin),
            _ => Err(Error::invalid("role", "role_unknown", "must be `customer` or `admin`")),
        }
    }
}

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A request without a credential.
    Guest,
    /// A request with a valid access token.
    User {
        id: UserId,
        /// The account's role when the token was issued.
        role: Role,
        /// The login session behind the token.
        session: SessionId,
    },
    /// A request with a valid API key: a program that acts as the account, within the key's scopes.
    Key {
        id: UserId,
        /// The account's role, at most 30 seconds old.
        role: Role,
        key: ApiKeyId,
        scopes: Scopes,
    },
}

impl Caller {
    /// A user of another issuer: an admin if `role_names` has that role, otherwise a customer.
    pub fn from_claims<'a>(id: UserId, role_names: impl IntoIterator<Item = &'a str>, session: SessionId) -> Self {
        let is_admin = role_names.into_iter().any(|name| matches!(name.parse(), Ok(Role::Admin)));
        Self::User { id, role: if is_admin { Role::Admin } else { Role::Customer }, session }
    }

    /// The account that acts; none for a guest.
    pub fn account(&self) -> Option<UserId> {
        match self {
            Self::Guest => None,
            Self::User { id, .. } | Self::Key { id, .. } => Some(*id),
        }
    }

    /// The account whose own data the caller may use: the one that acts, unless its key lacks the scope.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Key { .. } => self.account().filter(|_| self.may(Permission::UseAccount)),
            _ => self.account(),
        }
    }

    /// The account for which the caller may write reviews.
    pub fn author(&self) -> Option<UserId> {
        self.account().filter(|_| self.may(Permission::WriteReviews))
    }

    /// Does the caller have the permission? The table is in `permissions.rs`. A key needs it from its account and from its scopes.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Guest => permission.is_public(),
            Self::User { role, .. } => role.may(permission),
            Self::Key { role, scopes, .. } => role.may(permission) && scopes.contains(permission),
        }
    }

    /// The account that acts. Fails with 401 `unauthenticated` for a guest.
    pub fn require_account(&self) -> Result<UserId> {
        self.account().ok_or_else(|| {
            Error::new(
                Kind::Unauthenticated,
                "unauthenticated",
                "Log in and send the access token as `Authorization: Bearer …`.",
            )
        })
    }

    /// The account whose own data the caller may use. Fails with 401 `unauthenticated` for a guest, or like [`Caller::require`].
    pub fn require_user(&self) -> Result<UserId> {
        let account = self.require_account()?;
        match self.user() {
            Some(user) => Ok(user),
            None => self.require(Permission::UseAccount).map(|()| account),
        }
    }

    /// Checks a permission. Fails with 401 `unauthenticated` for a guest, and otherwise with a 403: `forbidden` if the role lacks
    /// the permission, `login_required` if no key can have it, `insufficient_scope` if another key could have it.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        self.require_account()?;
        let refusal = |code, detail: String| Err(Error::new(Kind::Forbidden, code, detail));
        match self {
            Self::Key { .. } if !permission.is_grantable() => {
                refusal("login_required", "An API key cannot do this. Log in and send the access token instead.".into())
            }
            Self::Key { role, .. } if role.may(permission) => {
                let name = permission.name();
                refusal(
                    "insufficient_scope",
                    format!("This needs an API key with the scope `{name}`, or an access token."),
                )
            }
            _ => refusal("forbidden", "Only an admin may do this.".into()),
        }
    }

    /// The caller as a history records it.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Guest => Actor("guest".to_owned()),
            Self::User { id, role, .. } | Self::Key { id, role, .. } => match role {
                Role::Admin => Actor(format!("admin:{id}")),
                Role::Customer => Actor(format!("customer:{id}")),
            },
        }
    }
}

/// The author of a change in a history: `customer:usr_…`, `admin:usr_…`, `guest` or `system:<function>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor(pub String);

impl Actor {
    /// The actor as customers see it: without the identity of an admin.
    #[must_use]
    pub fn for_customers(self) -> Self {
        if self.0.starts_with("admin:") { Self("admin".to_owned()) } else { self }
    }

    /// A function that acts by itself.
    pub fn system(function: &str) -> Self {
        Self(format!("system:{function}"))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a change is part of. The trace goes from the request to every event and every log line.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The id of the request that began the chain.
    pub correlation_id: String,
    /// The event that caused this change, if an event did.
    pub causation_id: Option<EventId>,
    /// The author of the change.
    pub actor: Actor,
}

/// The claims of an access token (RFC 7519; the profile is RFC 9068 with a session id). Only `auth` signs them. Short-lived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer: the public URL of the shop.
    pub iss: String,
    /// Audience: [`AccessClaims::AUDIENCE`].
    pub aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    pub role: Role,
    /// Issue time in seconds since 1970.
    pub iat: i64,
    /// Expiry in seconds since 1970.
    pub exp: i64,
}

impl AccessClaims {
    /// The audience of every access token.
    pub const AUDIENCE: &'static str = "souk";
    /// The media type in the header `typ` (RFC 9068, 2.1). It separates access tokens from other signed tokens.
    pub const TYPE: &'static str = "at+jwt";
}
