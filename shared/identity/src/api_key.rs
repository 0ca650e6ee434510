//! An API key as its owner sees it: what it is called, what it is for, and until when. The key itself is shown once.

use aws_kit::{ApiKeyGrant, sha256_hex};
use serde::{Deserialize, Serialize};
use values::{ApiKey, ApiKeyId, Error, Result, Role, Scopes, Text, Timestamp};

/// As many as one account has, those that have expired too: all of them change with it in one transaction.
pub const MOST_API_KEYS: u32 = 20;
/// Of a key of which nothing else is said.
const USUAL_DAYS: i64 = 90;
const LONGEST_DAYS: i64 = 365;
const DAY_SECONDS: i64 = 24 * 3600;

/// What somebody wants of a key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyIn {
    name: Text<100>,
    scopes: Vec<String>,
    #[serde(default)]
    expires_in_days: Option<i64>,
}

/// The row of a key among its owner's.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeyEntry {
    pub(crate) key_id: ApiKeyId,
    pub(crate) name: Text<100>,
    pub(crate) scopes: Scopes,
    pub(crate) last4: String,
    /// SHA-256 of the key, by which it is checked.
    pub(crate) digest: String,
    pub(crate) created_at: Timestamp,
    pub(crate) valid_until: Timestamp,
}

impl ApiKeyEntry {
    /// A fresh one, for an account of that role.
    pub(crate) fn of(wanted: ApiKeyIn, role: Role, key: &ApiKey, key_id: ApiKeyId, now: Timestamp) -> Result<Self> {
        let ApiKeyIn { name, scopes, expires_in_days } = wanted;
        let scopes = Scopes::requested("scopes", &scopes, role)?;
        let days = expires_in_days.unwrap_or(USUAL_DAYS);
        if !(1..=LONGEST_DAYS).contains(&days) {
            return Err(Error::invalid(
                "expiresInDays",
                "expiry_out_of_range",
                format!("must be 1 to {LONGEST_DAYS} days"),
            ));
        }
        let digest = sha256_hex(key.as_str().as_bytes());
        let valid_until = now.plus_seconds(days * DAY_SECONDS);
        Ok(Self { key_id, name, scopes, last4: key.last4().to_owned(), digest, created_at: now, valid_until })
    }

    /// As its owner sees it, by what its other row says of its use.
    pub(crate) fn seen(self, granted: &[ApiKeyGrant]) -> ApiKeyView {
        let granted = granted.iter().find(|granted| granted.key_id == self.key_id);
        ApiKeyView {
            id: self.key_id,
            name: self.name,
            scopes: self.scopes,
            last4: self.last4,
            created_at: self.created_at,
            expires_at: self.valid_until,
            last_used_at: granted.and_then(|granted| granted.last_used_at),
        }
    }
}

/// A key as its owner sees it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyView {
    /// Its name in the API.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: Text<100>,
    /// What it is for.
    pub scopes: Scopes,
    /// Its last characters.
    pub last4: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// The answer to whoever made a key. It has no `Debug`, so that no log can have it.
#[derive(Serialize)]
pub struct NewApiKey {
    /// What there is to see of it from now on.
    #[serde(flatten)]
    pub view: ApiKeyView,
    /// Itself, shown this once.
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::Clock;

    fn entry(days: Option<i64>) -> Result<ApiKeyEntry> {
        let wanted = json!({ "name": "ERP", "scopes": ["use_account"], "expiresInDays": days });
        let wanted = serde_json::from_value(wanted).unwrap();
        ApiKeyEntry::of(
            wanted,
            Role::Customer,
            &ApiKey::from_random([7; 32]),
            Clock::System.mint(),
            Timestamp::from_millis(0),
        )
    }

    #[test]
    fn a_key_ends_within_a_year_and_after_ninety_days_if_nothing_is_said() {
        let until = |days| entry(days).map(|entry| entry.valid_until.seconds() / DAY_SECONDS);
        assert_eq!((until(None).unwrap(), until(Some(1)).unwrap(), until(Some(365)).unwrap()), (90, 1, 365));
        for days in [i64::MIN, 0, 366, i64::MAX] {
            assert_eq!(until(Some(days)).unwrap_err().fields[0].field, "expiresInDays");
        }
    }

    #[test]
    fn the_row_holds_nothing_that_acts_as_anybody() {
        let row = serde_json::to_string(&entry(None).unwrap()).unwrap();
        assert!(!row.contains(&ApiKey::from_random([7; 32]).as_str()[3..20]));
    }
}
