//! Who acts, and on whose behalf a chain of events runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, Error, EventId, Kind, Permission, Result, Scopes, SessionId, UserId};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys.
    Customer,
    /// Runs the shop.
    Admin,
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "customer" => Ok(Self::Customer),
            "admin" => Ok(Self::Admin),
            _ => Err(Error::invalid("role", "role_unknown", "use customer or admin")),
        }
    }
}

/// Whoever sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Without a token.
    Guest,
    /// With a good token.
    User {
        /// The account.
        id: UserId,
        /// Its role when the token was made.
        role: Role,
        /// The login session behind the token.
        session: SessionId,
    },
    /// With a good API key: a program that acts as the account, within what the key is for.
    Key {
        /// The account.
        id: UserId,
        /// Its role a moment ago.
        role: Role,
        /// The key.
        key: ApiKeyId,
        /// What it is for.
        scopes: Scopes,
    },
}

impl Caller {
    /// Somebody whom another issuer vouches for: an admin if that is among the names it gives, and else a customer.
    pub fn vouched<'a>(id: UserId, named: impl IntoIterator<Item = &'a str>, session: SessionId) -> Self {
        let is_admin = named.into_iter().any(|name| matches!(name.parse(), Ok(Role::Admin)));
        Self::User { id, role: if is_admin { Role::Admin } else { Role::Customer }, session }
    }

    /// The account that acts, if any.
    pub fn account(&self) -> Option<UserId> {
        match self {
            Self::Guest => None,
            Self::User { id, .. } | Self::Key { id, .. } => Some(*id),
        }
    }

    /// The account whose own things are the caller's: the one that acts, unless a key is not for those.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Key { .. } => self.account().filter(|_| self.may(Permission::UseAccount)),
            _ => self.account(),
        }
    }

    /// The account whose reviews are the caller's, if they are any of the caller's business.
    pub fn author(&self) -> Option<UserId> {
        self.account().filter(|_| self.may(Permission::WriteReviews))
    }

    /// May the caller do that? The table is in `permissions.rs`. A key may do what its account and its scopes both allow.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Guest => permission.is_public(),
            Self::User { role, .. } => role.may(permission),
            Self::Key { role, scopes, .. } => role.may(permission) && scopes.contains(permission),
        }
    }

    /// The account that acts, or an error that asks to log in.
    pub fn require_account(&self) -> Result<UserId> {
        self.account().ok_or_else(|| {
            Error::new(
                Kind::Unauthenticated,
                "unauthenticated",
                "Log in and send the access token as `Authorization: Bearer …`.",
            )
        })
    }

    /// The account whose own things are the caller's, or an error that asks to log in, or for another key.
    pub fn require_user(&self) -> Result<UserId> {
        let account = self.require_account()?;
        match self.user() {
            Some(user) => Ok(user),
            None => self.require(Permission::UseAccount).map(|()| account),
        }
    }

    /// Nothing for whoever may; for a guest an error that asks to log in, for everybody else a 403: `forbidden` where their role
    /// may not, `login_required` where no key may, `insufficient_scope` where another key may.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        self.require_account()?;
        let refusal = |code, detail: String| Err(Error::new(Kind::Forbidden, code, detail));
        match self {
            Self::Key { .. } if !permission.is_grantable() => {
                refusal("login_required", "No API key may do this: log in and send the access token instead.".into())
            }
            Self::Key { role, .. } if role.may(permission) => {
                let name = permission.name();
                refusal("insufficient_scope", format!("This needs an API key with the scope `{name}`, or a login."))
            }
            _ => refusal("forbidden", "Only an admin may do this.".into()),
        }
    }

    /// As the history writes it.
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

/// Who did it, in a history: `customer:usr_…`, `admin:usr_…`, `guest` or `system:<function>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor(pub String);

impl Actor {
    /// As customers see it: they learn that an admin did it, and not which.
    #[must_use]
    pub fn for_customers(self) -> Self {
        if self.0.starts_with("admin:") { Self("admin".to_owned()) } else { self }
    }

    /// A function of souk itself.
    pub fn system(function: &str) -> Self {
        Self(format!("system:{function}"))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a change is part of: it travels from the request through every event to every log line.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The id of the request that began it all.
    pub correlation_id: String,
    /// The event that led to this change, if it was one.
    pub causation_id: Option<EventId>,
    /// Who does it.
    pub actor: Actor,
}

/// What an access token says (RFC 7519; the profile is RFC 9068 with a session id). Short-lived, signed by `auth` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer: the public URL of this shop.
    pub iss: String,
    /// Audience: [`AccessClaims::AUDIENCE`].
    pub aud: String,
    /// The account.
    pub sub: UserId,
    /// The login session.
    pub sid: SessionId,
    /// Its role.
    pub role: Role,
    /// Issued at, in seconds.
    pub iat: i64,
    /// Good until, in seconds.
    pub exp: i64,
}

impl AccessClaims {
    /// The only audience there is.
    pub const AUDIENCE: &'static str = "souk";
    /// The token's media type (RFC 9068, 2.1), so that no other signed thing is taken for an access token.
    pub const TYPE: &'static str = "at+jwt";
}
