//! Callers, their roles, and the trace of a request through its events.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::assurance::{Amr, Assurance};
use crate::{ApiKeyId, Error, EventId, Kind, Permission, Result, Role, Scopes, SessionId, Timestamp, UserId};

/// How long a login is recent, in seconds.
const RECENT_LOGIN_SECONDS: i64 = 600;
/// The accepted difference between two clocks, in seconds.
const LEEWAY_SECONDS: i64 = 60;

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
        /// When the person last proved a credential: at the login, or at a step-up since. None if the token does not say so.
        authenticated_at: Option<Timestamp>,
        /// How strongly the session was proved.
        assurance: Assurance,
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
    pub fn from_claims<'a>(
        id: UserId,
        role_names: impl IntoIterator<Item = &'a str>,
        session: SessionId,
        authenticated_at: Option<Timestamp>,
        assurance: Assurance,
    ) -> Self {
        let is_admin = role_names.into_iter().any(|name| matches!(name.parse(), Ok(Role::Admin)));
        let role = if is_admin { Role::Admin } else { Role::Customer };
        Self::User { id, role, session, authenticated_at, assurance }
    }

    /// The same caller under the rule that admins need a second factor: an admin whose session was not proved with one can only
    /// enrol.
    #[must_use]
    pub fn requiring_second_factor_of_admins(mut self) -> Self {
        if let Self::User { role: Role::Admin, assurance, .. } = &mut self
            && *assurance == Assurance::OneFactor
        {
            *assurance = Assurance::EnrolmentDue;
        }
        self
    }

    /// Must this caller add a second factor before anything else?
    fn must_enrol(&self) -> bool {
        matches!(self, Self::User { assurance: Assurance::EnrolmentDue, .. })
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
            Self::Guest => None,
            Self::User { .. } | Self::Key { .. } => self.account().filter(|_| self.may(Permission::UseAccount)),
        }
    }

    /// The account for which the caller may write reviews.
    pub fn author(&self) -> Option<UserId> {
        self.account().filter(|_| self.may(Permission::WriteReviews))
    }

    /// Does the caller have the permission? The table is in `permissions.rs`. A key needs it from its account and from its scopes. An
    /// admin who must add a second factor first can only manage credentials.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Guest => permission.is_public(),
            Self::User { assurance: Assurance::EnrolmentDue, .. } => permission == Permission::ManageCredentials,
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
    /// the permission, `mfa_enrolment_required` for an admin who must add a second factor first, `login_required` if no key can have
    /// it, `insufficient_scope` if another key could have it.
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
            _ if self.must_enrol() => Err(enrolment_required()),
            _ => refusal("forbidden", "Only an admin may do this.".into()),
        }
    }

    /// Checks that the person has logged in, or stepped up, within the last ten minutes. Fails with 401 `unauthenticated` for a
    /// guest, and otherwise with a 403: `login_required` for an API key, `mfa_enrolment_required` for an admin who must add a second
    /// factor first, `recent_login_required` for an older login.
    pub fn require_recent_login(&self, now: Timestamp) -> Result<()> {
        self.require(Permission::ManageCredentials)?;
        if self.must_enrol() {
            return Err(enrolment_required());
        }
        self.require_recent_login_to_enrol(now)
    }

    /// The same for adding a second factor, which an admin who must add one may do.
    pub fn require_recent_login_to_enrol(&self, now: Timestamp) -> Result<()> {
        self.require(Permission::ManageCredentials)?;
        let is_recent = |at: &Timestamp| {
            (-LEEWAY_SECONDS..=RECENT_LOGIN_SECONDS).contains(&now.seconds().saturating_sub(at.seconds()))
        };
        match self {
            Self::User { authenticated_at: Some(at), .. } if is_recent(at) => Ok(()),
            _ => {
                let detail = "This needs a login within the last ten minutes. Send your password, or a code of \
                              your second factor, to `POST /auth/step-up`, or log in again.";
                Err(Error::new(Kind::Forbidden, "recent_login_required", detail))
            }
        }
    }

    /// The caller as log lines name it: the id of the API key or the user, or `guest`.
    pub fn log_name(&self) -> String {
        match self {
            Self::Guest => "guest".to_owned(),
            Self::User { id, .. } => id.to_string(),
            Self::Key { key, .. } => key.to_string(),
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

/// 403: an admin must add a second factor before anything else.
fn enrolment_required() -> Error {
    let detail = "Admins of this shop need a second factor. Add one with `POST /auth/mfa/totp` or `POST /auth/passkeys/options`.";
    Error::new(Kind::Forbidden, "mfa_enrolment_required", detail)
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
    /// When the person last proved a credential, in seconds since 1970 (OpenID Connect Core 1.0, 2). Tokens of older sessions have
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How the person proved who they are (RFC 8176). Tokens of older sessions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<Amr>,
}

impl AccessClaims {
    /// The audience of every access token.
    pub const AUDIENCE: &'static str = "souk";
    /// The media type in the header `typ` (RFC 9068, 2.1). It separates access tokens from other signed tokens.
    pub const TYPE: &'static str = "at+jwt";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    fn user(role: Role) -> Caller {
        user_with(role, Assurance::OneFactor)
    }

    fn user_with(role: Role, assurance: Assurance) -> Caller {
        let (id, session) = (Clock::System.mint(), Clock::System.mint());
        Caller::User { id, role, session, authenticated_at: None, assurance }
    }

    fn key(role: Role, names: &[&str]) -> Caller {
        let scopes =
            Scopes::requested("scopes", &names.iter().map(ToString::to_string).collect::<Vec<_>>(), Role::Admin)
                .unwrap();
        Caller::Key { id: Clock::System.mint(), role, key: Clock::System.mint(), scopes }
    }

    #[test]
    fn guest_is_unauthenticated_and_customer_is_forbidden() {
        let (guest, customer, admin) = (Caller::Guest, user(Role::Customer), user(Role::Admin));
        for permission in Permission::ALL {
            assert!(admin.require(*permission).is_ok(), "{permission:?}");
            let error = |caller: &Caller| caller.require(*permission).err().map(|error| (error.kind, error.code));
            let expected = (!permission.is_public()).then_some((Kind::Unauthenticated, "unauthenticated"));
            assert_eq!(error(&guest), expected, "{permission:?}");
            let expected = (!Role::Customer.may(*permission)).then_some((Kind::Forbidden, "forbidden"));
            assert_eq!(error(&customer), expected, "{permission:?}");
        }
    }

    #[test]
    fn key_has_the_permissions_of_both_its_scopes_and_its_role() {
        let all = Scopes::grantable(Role::Admin).names();
        for permission in Permission::ALL {
            assert_eq!(key(Role::Admin, &all).may(*permission), permission.is_grantable(), "{permission:?}");
            let may = key(Role::Customer, &all).may(*permission);
            assert_eq!(may, permission.is_grantable() && Role::Customer.may(*permission), "{permission:?}");
        }
    }

    #[test]
    fn login_is_recent_for_ten_minutes() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let code = |authenticated_at| {
            let (id, session) = (Clock::System.mint(), Clock::System.mint());
            let caller =
                Caller::User { id, role: Role::Customer, session, authenticated_at, assurance: Assurance::OneFactor };
            caller.require_recent_login(now).err().map(|error| (error.kind, error.code))
        };
        let (recent, old) = (None, Some((Kind::Forbidden, "recent_login_required")));
        for (seconds, expected) in
            [(0, recent), (-600, recent), (-601, old), (60, recent), (61, old), (i64::MAX / 1000, old)]
        {
            assert_eq!(
                code(Some(Timestamp::from_millis(now.millis().saturating_add(seconds * 1000)))),
                expected,
                "{seconds}"
            );
        }
        assert_eq!(code(None), old, "a token that does not say when");
        assert_eq!(Caller::Guest.require_recent_login(now).unwrap_err().code, "unauthenticated");
        let robot = key(Role::Admin, &["manage_users"]);
        assert_eq!(robot.require_recent_login(now).unwrap_err().code, "login_required");
    }

    #[test]
    fn admin_without_a_second_factor_can_only_enrol_where_admins_need_one() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let recent = |role, assurance| {
            let (id, session) = (Clock::System.mint(), Clock::System.mint());
            Caller::User { id, role, session, authenticated_at: Some(now), assurance }
                .requiring_second_factor_of_admins()
        };
        let restricted = recent(Role::Admin, Assurance::OneFactor);
        for permission in Permission::ALL {
            let code = restricted.require(*permission).err().map(|error| (error.kind, error.code));
            let expected =
                (*permission != Permission::ManageCredentials).then_some((Kind::Forbidden, "mfa_enrolment_required"));
            assert_eq!(code, expected, "{permission:?}");
        }
        assert!(restricted.user().is_none() && restricted.author().is_none());
        assert_eq!(restricted.require_user().unwrap_err().code, "mfa_enrolment_required");
        assert_eq!(restricted.require_recent_login(now).unwrap_err().code, "mfa_enrolment_required");
        assert!(restricted.require_recent_login_to_enrol(now).is_ok());
        for caller in [recent(Role::Admin, Assurance::SecondFactor), recent(Role::Customer, Assurance::OneFactor)] {
            assert!(caller.require(Permission::UseAccount).is_ok() && caller.require_recent_login(now).is_ok());
        }
        let key = key(Role::Admin, &["manage_users"]).requiring_second_factor_of_admins();
        assert!(key.may(Permission::ManageUsers), "a key has no session; it ends by its own time");
    }

    #[test]
    fn refused_key_learns_what_would_help() {
        let code = |caller: &Caller, permission| {
            let error = caller.require(permission).unwrap_err();
            assert_eq!(error.kind, Kind::Forbidden);
            error.code
        };
        let demoted = key(Role::Customer, &["manage_products"]);
        assert_eq!(code(&demoted, Permission::ManageProducts), "forbidden");
        assert_eq!(code(&demoted, Permission::Buy), "insufficient_scope");
        assert_eq!(code(&demoted, Permission::ManageCredentials), "login_required");
    }

    #[test]
    fn key_with_the_scope_acts_on_the_data_of_its_account() {
        let shopkeeper = key(Role::Admin, &["manage_products"]);
        assert!(shopkeeper.account().is_some() && shopkeeper.user().is_none());
        assert_eq!(shopkeeper.require_user().unwrap_err().code, "insufficient_scope");
        let owner = key(Role::Customer, &["use_account"]);
        assert_eq!(owner.require_user().unwrap(), owner.account().unwrap());
        assert!(owner.actor().0.starts_with("customer:usr_"));
        // Log lines name the key, because its owner may have several.
        assert!(owner.log_name().starts_with("key_") && user(Role::Admin).log_name().starts_with("usr_"));
    }
}
