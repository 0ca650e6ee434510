//! An account: what it may do, apart from who is behind it.

use std::fmt;
use std::str::FromStr;

use aws_kit::{Aws, Table};
use serde::{Deserialize, Serialize};
use values::{AddressId, Clock, Email, Error, Kind, Result, Role, Text, Timestamp, UserId};

use crate::Address;
use crate::password::Credential;
use crate::preferences::Preferences;
use crate::session::Session;
use crate::store::Store;

/// What a person wants to be called.
pub type Name = Text<100>;

/// The accounts of this shop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
}

impl Accounts {
    /// In the identity table that the environment names.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_IDENTITY")?, Clock::System))
    }

    /// In that table.
    pub fn new(table: Table, clock: Clock) -> Self {
        Self { store: Store::new(table), clock }
    }

    /// The table, for other contexts' transactions and to warm its connection.
    pub fn table(&self) -> &Table {
        &self.store.table
    }

    /// Whose mail address that is, if it is an account's. 1 read.
    pub async fn user_of(&self, email: &Email) -> Result<Option<UserId>> {
        self.store.user_of(email).await
    }

    /// One address of an account's book; none when it is not there or not theirs.
    pub async fn address(&self, user: UserId, id: AddressId) -> Result<Option<Address>> {
        self.store.address(user, id).await
    }
}

/// May the account be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Yes.
    #[default]
    Active,
    /// No: nobody logs in, and no token is refreshed.
    Suspended,
}

impl Status {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Active, Self::Suspended];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        })
    }
}

impl FromStr for Status {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|status| status.to_string() == text);
        known.ok_or_else(|| Error::invalid("status", "status_unknown", "use active or suspended"))
    }
}

/// An account without what tells who the person is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) user_id: UserId,
    pub(crate) role: Role,
    pub(crate) status: Status,
    pub(crate) email_verified: bool,
    /// None of those who come with a provider alone: no password opens it, until a reset gives it one.
    #[serde(default)]
    pub(crate) credential: Option<Credential>,
    /// When all its sessions were ended at once, if they ever were.
    #[serde(default)]
    pub(crate) sessions_ended_at: Option<Timestamp>,
    /// How many addresses its book holds.
    pub(crate) addresses: u32,
    /// How many API keys it has, those that have expired too.
    #[serde(default)]
    pub(crate) api_keys: u32,
    /// The address of its book that parcels go to unless another is chosen.
    #[serde(default)]
    pub(crate) default_shipping: Option<AddressId>,
    /// The same of invoices.
    #[serde(default)]
    pub(crate) default_billing: Option<AddressId>,
    /// Why it is suspended, in the words of the admin who did it.
    #[serde(default)]
    pub(crate) status_reason: Option<String>,
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Account {
    /// A customer's, fresh.
    pub(crate) fn open(user_id: UserId, credential: Option<Credential>, now: Timestamp) -> Self {
        Self {
            user_id,
            role: Role::Customer,
            status: Status::Active,
            email_verified: false,
            credential,
            addresses: 0,
            api_keys: 0,
            default_shipping: None,
            default_billing: None,
            status_reason: None,
            sessions_ended_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Was this session ended together with all others? Also one that began since, on a password or a role of before.
    pub(crate) fn has_ended(&self, session: &Session) -> bool {
        session.follows != self.sessions_ended_at
    }

    /// Nothing while the account may be used.
    pub(crate) fn require_active(&self) -> Result<()> {
        match self.status {
            Status::Active => Ok(()),
            Status::Suspended => {
                Err(Error::new(Kind::Forbidden, "account_suspended", "This account is suspended. Write to the shop."))
            }
        }
    }
}

/// Who is behind an account: the part that is erased with the person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) email: Email,
    pub(crate) name: Name,
    /// The account's, copied in the transaction that changes them there: whoever searches for people filters by them.
    #[serde(default = "customer")]
    pub(crate) role: Role,
    #[serde(default)]
    pub(crate) status: Status,
    /// What the person chose, as JSON; none until they do. Read where it is asked for: as a type, it would be compiled into
    /// every reading of a person.
    #[serde(default)]
    pub(crate) preferences: Option<String>,
    /// How often they chose.
    #[serde(default, rename = "preferencesVersion", skip_serializing_if = "Option::is_none")]
    pub(crate) preferences_version: Option<u64>,
}

impl Person {
    /// Behind a fresh account.
    pub(crate) fn new(email: Email, name: Name) -> Self {
        Self { email, name, role: Role::Customer, status: Status::Active, preferences: None, preferences_version: None }
    }
}

impl Person {
    /// What they chose, or what holds for whoever chose nothing.
    pub(crate) fn preferences(&self) -> Result<Preferences> {
        let version = self.preferences_version.unwrap_or_default();
        let chosen = self.preferences.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        Ok(Preferences { version, ..chosen.unwrap_or_default() })
    }
}

/// Of persons from before their rows had a role.
fn customer() -> Role {
    Role::Customer
}

/// An account as its owner and admins see it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The account.
    pub id: UserId,
    /// Where it is reached.
    pub email: Email,
    /// What the person wants to be called.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// May it be used?
    pub status: Status,
    /// Why it is suspended. To admins alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// Has the person shown that the address is theirs?
    pub email_verified: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Rises by one with every change: the ETag.
    #[serde(skip)]
    pub version: u64,
}

impl User {
    pub(crate) fn of(account: &Account, person: Person) -> Self {
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
}

/// What a client holds while it is logged in. Never log it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// For `Authorization: Bearer`, good for `expires_in` seconds.
    pub access_token: String,
    /// For the next pair, good once.
    pub refresh_token: String,
    /// `Bearer` (RFC 6750).
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
}

/// The answer to a registration and to a login.
#[derive(Serialize)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// With what.
    #[serde(flatten)]
    pub tokens: Tokens,
}
