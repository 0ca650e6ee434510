//! Security events: one shape of log line for everything that an operator watches for attacks. Metric filters of the template count
//! the lines by their field `security`. docs/logs.md lists the kinds and the fields.

use tracing::warn;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityKind {
    /// A login with a wrong password or an unknown email address.
    LoginFailed,
    /// A request was refused because of a rate limit.
    LimitReached,
    /// A refresh token was used a second time.
    RefreshReused,
    ApiKeyCreated,
    ApiKeyRevoked,
    RoleChanged,
    /// An event was refused, because the rows contradict it.
    EventForged,
    SecondFactorAdded,
    SecondFactorRemoved,
    /// A proof of a second factor was wrong, after the first factor was right.
    MfaFailed,
    /// The signature counter of a passkey did not grow: there may be a copy of it.
    PasskeyCloned,
    /// An API key read data of customers other than its owner.
    CustomersRead,
}

impl SecurityKind {
    /// The value of the field `security`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoginFailed => "login_failed",
            Self::LimitReached => "limit_reached",
            Self::RefreshReused => "refresh_reused",
            Self::ApiKeyCreated => "api_key_created",
            Self::ApiKeyRevoked => "api_key_revoked",
            Self::RoleChanged => "role_changed",
            Self::EventForged => "event_forged",
            Self::SecondFactorAdded => "second_factor_added",
            Self::SecondFactorRemoved => "second_factor_removed",
            Self::MfaFailed => "mfa_failed",
            Self::PasskeyCloned => "passkey_cloned",
            Self::CustomersRead => "customers_read",
        }
    }
}

/// A security event. Its fields are ids and fixed words, never an email address, an IP address or a text of a caller.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct SecurityEvent<'a> {
    kind: SecurityKind,
    actor: &'a str,
    subject: &'a str,
    detail: Option<&'a str>,
    count: u64,
}

impl<'a> SecurityEvent<'a> {
    /// `actor` is who did it: `usr_…`, `key_…`, `guest`, `system:<function>`, or [`NOBODY`](Self::NOBODY) if that is not known.
    /// `subject` is the id of the account or thing that it was done to.
    pub fn new(kind: SecurityKind, actor: &'a str, subject: &'a str) -> Self {
        Self { kind, actor, subject, detail: None, count: 1 }
    }

    /// The actor or the subject of an event that has none.
    pub const NOBODY: &'static str = "none";

    /// Adds another id or a fixed word, such as the new role.
    pub fn with_detail(self, detail: &'a str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// How many subjects there are, if not one.
    pub fn with_count(self, count: usize) -> Self {
        Self { count: u64::try_from(count).unwrap_or(u64::MAX), ..self }
    }

    /// Writes the log line.
    pub fn log(self) {
        let Self { kind, actor, subject, detail, count } = self;
        warn!(security = kind.name(), actor, subject, detail, count, "security event");
    }
}
