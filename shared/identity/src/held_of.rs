//! All that identity holds of an account, for its owner: what no secret is of, and no digest of one.

use serde_json::{Map, Value, json};
use values::{Actor, Error, Page, PageRequest, Result, UserId};

use crate::account::Accounts;

/// Attributes that are the table's, or a secret's.
const HIDDEN: [&str; 11] =
    ["pk", "sk", "key", "digest", "spent", "credential", "hash", "secret", "mark", "follows", "expiresAt"];

/// The account with its person and what they chose. 1 read.
pub async fn held_of(accounts: &Accounts, user: UserId) -> Result<Value> {
    let (account, person) = accounts.store.account(user).await?.ok_or_else(|| Error::not_found("account"))?;
    let preferences = person.preferences()?;
    Ok(json!({
        "account": {
            "id": account.user_id, "email": person.email, "name": person.name, "role": account.role,
            "status": account.status, "statusReason": account.status_reason, "emailVerified": account.email_verified,
            "defaultShipping": account.default_shipping, "defaultBilling": account.default_billing,
            "createdAt": account.created_at, "updatedAt": account.updated_at,
        },
        "preferences": { "language": preferences.language, "channels": preferences.channels },
    }))
}

/// A page of everything else in the account's partition, each with the section of the export that it belongs to: `addresses`,
/// `sessions`, `accountHistory`, `exports`, `apiKeys`, `links`. 1 read.
pub async fn held_rows(accounts: &Accounts, user: UserId, request: &PageRequest) -> Result<Page<(String, Value)>> {
    let page = accounts.store.rows_of(user, request).await?;
    Ok(Page { rows: page.rows.into_iter().filter_map(shown).collect(), next: page.next })
}

fn shown(row: Value) -> Option<(String, Value)> {
    let sk = row["sk"].as_str().unwrap_or_default().to_owned();
    let kind = sk.split_once('#').map_or(sk.as_str(), |(kind, _)| kind);
    let section = match kind {
        // Told by `held_of`.
        "ACCOUNT" | "CLOSED" => return None,
        "ADDRESS" => "addresses",
        "SESSION" => "sessions",
        "HISTORY" => "accountHistory",
        "EXPORT" => return Some(("exports".to_owned(), export(&row))),
        "APIKEY" => "apiKeys",
        "LINK" => "links",
        // What nobody has thought of is the person's all the same. Rows come by kind, so each is one list.
        unknown => unknown,
    };
    let Value::Object(mut fields) = row else { return None };
    if let Some(Value::String(actor)) = fields.get_mut("actor") {
        *actor = Actor(std::mem::take(actor)).for_customers().0;
    }
    let is_told = |name: &str| !HIDDEN.contains(&name) && !name.starts_with("gsi");
    Some((section.to_owned(), Value::Object(fields.into_iter().filter(|(name, _)| is_told(name)).collect())))
}

/// Without where its file lies.
fn export(row: &Value) -> Value {
    let told = ["id", "status", "createdAt", "updatedAt"].map(|name| (name.to_owned(), row[name].clone()));
    Value::Object(Map::from_iter(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shown_without_its_keys_and_its_secrets() {
        let row = json!({
            "pk": "USER#usr_x", "sk": "SESSION#ses_x", "sessionId": "ses_x", "device": "curl", "key": "k", "digest": "d",
            "spent": "s", "expiresAt": 7, "gsi1pk": "x",
        });
        let (section, shown) = shown(row).unwrap();
        assert_eq!((section.as_str(), shown), ("sessions", json!({ "sessionId": "ses_x", "device": "curl" })));
    }

    #[test]
    fn a_person_does_not_learn_which_admin_it_was() {
        let (_, shown) = shown(json!({ "sk": "HISTORY#2", "actor": "admin:usr_x", "reason": "fraud" })).unwrap();
        assert_eq!(shown, json!({ "actor": "admin", "reason": "fraud" }));
    }

    #[test]
    fn an_export_does_not_tell_where_files_lie() {
        let row = json!({ "sk": "EXPORT#job_x", "id": "job_x", "status": "done", "file": "secret", "progress": "p" });
        let (_, shown) = shown(row).unwrap();
        assert!(!shown.to_string().contains("secret"), "{shown}");
    }

    #[test]
    fn a_kind_that_nobody_knows_is_told_too() {
        let (section, shown) = shown(json!({ "sk": "BADGE#1", "colour": "blue" })).unwrap();
        assert_eq!((section.as_str(), shown), ("BADGE", json!({ "colour": "blue" })));
    }
}
