//! An API key as its owner sees it: its name, scopes and expiry. The key itself is shown once.

use aws_kit::{ApiKeyGrant, sha256_hex};
use serde::{Deserialize, Serialize};
use values::{ApiKey, ApiKeyId, Error, Result, Role, Scopes, Text, Timestamp};

/// The most keys of one account, including expired ones: all of them change with the account in one transaction.
pub const MAX_API_KEYS: u32 = 20;
/// The lifetime of a key whose request names none.
const DEFAULT_DAYS: i64 = 90;
const MAX_DAYS: i64 = 365;
const DAY_SECONDS: i64 = 24 * 3600;

/// The request for a key.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeyIn {
    /// A name for its owner.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "Warehouse")))]
    name: Text<100>,
    /// What the key may do.
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<values::schema::Scope>", length(min = 1)))]
    scopes: Vec<String>,
    /// The lifetime of the key in days.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_DAYS), extend("default" = DEFAULT_DAYS)))]
    expires_in_days: Option<i64>,
}

/// The row of a key in its owner's partition.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeyEntry {
    pub(crate) key_id: ApiKeyId,
    pub(crate) name: Text<100>,
    pub(crate) scopes: Scopes,
    pub(crate) last4: String,
    /// SHA-256 of the key. The row that is checked has it in its own key.
    pub(crate) digest: String,
    pub(crate) created_at: Timestamp,
    pub(crate) valid_until: Timestamp,
}

impl ApiKeyEntry {
    /// A new key of an account with that role. 422 for a bad scope or `expiry_out_of_range`.
    pub(crate) fn new(input: ApiKeyIn, role: Role, key: &ApiKey, key_id: ApiKeyId, now: Timestamp) -> Result<Self> {
        let ApiKeyIn { name, scopes, expires_in_days } = input;
        let scopes = Scopes::requested("scopes", &scopes, role)?;
        let days = expires_in_days.unwrap_or(DEFAULT_DAYS);
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(Error::invalid(
                "expiresInDays",
                "expiry_out_of_range",
                format!("must be between 1 and {MAX_DAYS} days"),
            ));
        }
        let digest = sha256_hex(key.as_str().as_bytes());
        let valid_until = now.plus_seconds(days * DAY_SECONDS);
        Ok(Self { key_id, name, scopes, last4: key.last4().to_owned(), digest, created_at: now, valid_until })
    }

    /// As its owner sees it; the grants say when it was last used.
    pub(crate) fn view(self, grants: &[ApiKeyGrant]) -> ApiKeyView {
        let grant = grants.iter().find(|grant| grant.key_id == self.key_id);
        ApiKeyView {
            id: self.key_id,
            name: self.name,
            scopes: self.scopes,
            last4: self.last4,
            created_at: self.created_at,
            expires_at: self.valid_until,
            last_used_at: grant.and_then(|grant| grant.last_used_at),
        }
    }
}

/// An API key as its owner sees it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ApiKey"))]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyView {
    /// The id of the key, not the secret key.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ApiKeyId"))]
    pub id: ApiKeyId,
    /// The name that its owner gave it.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "Warehouse")))]
    pub name: Text<100>,
    /// What the key may do, if the account's role may do it too.
    pub scopes: Scopes,
    /// The last four characters of the key.
    #[cfg_attr(feature = "openapi", schemars(length(equal = 4), extend("example" = "3xQa")))]
    pub last4: String,
    /// The time when it was created.
    pub created_at: Timestamp,
    /// The time when the key expires.
    pub expires_at: Timestamp,
    /// The time of the last use, to the hour. Missing until the first use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A new key. Only this answer contains it.
// It has no `Debug`, so that the key cannot get into a log.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewApiKey {
    #[serde(flatten)]
    pub view: ApiKeyView,
    /// The secret key for `X-Api-Key`. Its last 6 characters are a checksum (CRC-32, base62).
    #[cfg_attr(feature = "openapi", schemars(with = "ApiKey"))]
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::Clock;

    fn entry(days: Option<i64>) -> Result<ApiKeyEntry> {
        let input = json!({ "name": "ERP", "scopes": ["use_account"], "expiresInDays": days });
        let input = serde_json::from_value(input).unwrap();
        ApiKeyEntry::new(
            input,
            Role::Customer,
            &ApiKey::from_random([7; 32]),
            Clock::System.mint(),
            Timestamp::from_millis(0),
        )
    }

    #[test]
    fn key_expires_within_a_year_and_by_default_after_ninety_days() {
        let until = |days| entry(days).map(|entry| entry.valid_until.seconds() / DAY_SECONDS);
        assert_eq!((until(None).unwrap(), until(Some(1)).unwrap(), until(Some(365)).unwrap()), (90, 1, 365));
        for days in [i64::MIN, 0, 366, i64::MAX] {
            assert_eq!(until(Some(days)).unwrap_err().fields[0].field, "expiresInDays");
        }
    }

    #[test]
    fn row_does_not_contain_the_key() {
        let row = serde_json::to_string(&entry(None).unwrap()).unwrap();
        assert!(!row.contains(&ApiKey::from_random([7; 32]).as_str()[3..20]));
    }
}
