//! Exports the personal data that this context stores, without secrets and their digests.

use serde_json::{Map, Value, json};
use values::{Actor, Page, PageRequest, Result, UserId};

use crate::service::AccountService;

/// Attributes that are keys of the table, or belong to a secret.
const HIDDEN: [&str; 11] =
    ["pk", "sk", "key", "digest", "spent", "credential", "hash", "secret", "mark", "follows", "expiresAt"];

/// An authenticator app, one that is pending, recovery codes, and the passkeys.
const MAX_FACTOR_ROWS: u32 = 25;

impl AccountService {
    /// The account with its person, preferences and second factors; 404 when there is none. 1 read, and 1 more where there are second
    /// factors.
    pub async fn export_account(&self, user: UserId) -> Result<Value> {
        let (account, person) = self.account_with_person(user).await?;
        let preferences = person.preferences()?;
        let factors = match account.second_factors.is_any() {
            true => self.store.factor_rows(user, MAX_FACTOR_ROWS).await?,
            false => Vec::new(),
        };
        Ok(json!({
            "account": {
                "id": account.user_id, "email": person.email, "name": person.name, "role": account.role,
                "status": account.status, "statusReason": account.status_reason, "emailVerified": account.email_verified,
                "defaultShipping": account.default_shipping, "defaultBilling": account.default_billing,
                "createdAt": account.created_at, "updatedAt": account.updated_at,
            },
            "secondFactors": factors.iter().filter_map(export_factor).collect::<Vec<_>>(),
            "preferences": { "language": preferences.language, "channels": preferences.channels },
        }))
    }

    /// A page of the other rows in the account's partition, each with its section of the export: `addresses`, `sessions`,
    /// `accountHistory`, `exports`, `apiKeys` or `links`. 1 read.
    pub async fn export_rows(&self, user: UserId, request: &PageRequest) -> Result<Page<(String, Value)>> {
        let page = self.store.rows_of(user, request).await?;
        Ok(Page { rows: page.rows.into_iter().filter_map(export_row).collect(), next: page.next })
    }
}

fn export_row(row: Value) -> Option<(String, Value)> {
    let sk = row["sk"].as_str().unwrap_or_default().to_owned();
    let kind = sk.split_once('#').map_or(sk.as_str(), |(kind, _)| kind);
    let section = match kind {
        // Part of `export_account`.
        "ACCOUNT" | "CLOSED" => return None,
        "ADDRESS" => "addresses",
        "SESSION" => "sessions",
        "HISTORY" => "accountHistory",
        "EXPORT" => return Some(("exports".to_owned(), export_of_job(&row))),
        "APIKEY" => "apiKeys",
        "LINK" => "links",
        // A new kind of row is personal data too. Rows come in the order of their kind, so each kind is one list.
        unknown => unknown,
    };
    let Value::Object(mut fields) = row else { return None };
    if let Some(Value::String(actor)) = fields.get_mut("actor") {
        *actor = Actor(std::mem::take(actor)).for_customers().0;
    }
    let is_exported = |name: &str| !HIDDEN.contains(&name) && !name.starts_with("gsi");
    Some((section.to_owned(), Value::Object(fields.into_iter().filter(|(name, _)| is_exported(name)).collect())))
}

/// A second factor: what it is, its name and since when. Never its secret, its key or a digest.
fn export_factor(row: &Value) -> Option<Value> {
    let sk = row["sk"].as_str().unwrap_or_default();
    let kind = match sk.split_once('#').map_or(sk, |(kind, _)| kind) {
        // Not a factor yet.
        "TOTP" if sk != "TOTP" => return None,
        "TOTP" => "totp",
        "PASSKEY" => "passkey",
        "RECOVERY" => "recovery_codes",
        _ => return None,
    };
    let mut factor =
        Map::from_iter([("kind".to_owned(), json!(kind)), ("createdAt".to_owned(), row["createdAt"].clone())]);
    if let Some(name) = row["name"].as_str() {
        factor.insert("name".to_owned(), json!(name));
    }
    Some(Value::Object(factor))
}

/// An export's row without the key of its file.
fn export_of_job(row: &Value) -> Value {
    let fields = ["id", "status", "createdAt", "updatedAt"].map(|name| (name.to_owned(), row[name].clone()));
    Value::Object(Map::from_iter(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_is_exported_without_its_keys_and_secrets() {
        let row = json!({
            "pk": "USER#usr_x", "sk": "SESSION#ses_x", "sessionId": "ses_x", "device": "curl", "key": "k", "digest": "d",
            "spent": "s", "expiresAt": 7, "gsi1pk": "x",
        });
        let (section, exported) = export_row(row).unwrap();
        assert_eq!((section.as_str(), exported), ("sessions", json!({ "sessionId": "ses_x", "device": "curl" })));
    }

    #[test]
    fn export_does_not_name_the_admin() {
        let (_, exported) =
            export_row(json!({ "sk": "HISTORY#2", "actor": "admin:usr_x", "reason": "fraud" })).unwrap();
        assert_eq!(exported, json!({ "actor": "admin", "reason": "fraud" }));
    }

    #[test]
    fn export_of_a_job_does_not_contain_the_key_of_its_file() {
        let row = json!({ "sk": "EXPORT#job_x", "id": "job_x", "status": "done", "file": "secret", "progress": "p" });
        let (_, exported) = export_row(row).unwrap();
        assert!(!exported.to_string().contains("secret"), "{exported}");
    }

    #[test]
    fn second_factor_is_exported_without_its_secret() {
        let row = json!({ "pk": "MFA#usr_x", "sk": "TOTP", "secret": "s", "createdAt": "2026-11-21T00:00:00.000Z", "lastStep": 7 });
        let expected = json!({ "kind": "totp", "createdAt": "2026-11-21T00:00:00.000Z" });
        assert_eq!(export_factor(&row), Some(expected));
        let row =
            json!({ "sk": "PASSKEY#x", "name": "Phone", "publicKey": "k", "createdAt": "2026-11-21T00:00:00.000Z" });
        assert_eq!(export_factor(&row).unwrap()["name"], "Phone");
        let row = json!({ "sk": "RECOVERY", "codes": { "digest": true }, "createdAt": "2026-11-21T00:00:00.000Z" });
        assert!(!export_factor(&row).unwrap().to_string().contains("digest"));
        assert_eq!(export_factor(&json!({ "sk": "TOTP#PENDING", "secret": "s" })), None);
    }

    #[test]
    fn unknown_kind_of_row_is_exported() {
        let (section, exported) = export_row(json!({ "sk": "BADGE#1", "colour": "blue" })).unwrap();
        assert_eq!((section.as_str(), exported), ("BADGE", json!({ "colour": "blue" })));
    }
}
