//! The rows of an API key: one in its owner's partition, one by which it is checked (aws-kit's [`ApiKeys`]), and the count on the
//! account. All three change in one transaction. Neither row has a TTL, because a deletion by DynamoDB would not change the count.

use aws_kit::{ApiKeyGrant, ApiKeys, Key, Query, Write};
use values::{ApiKeyId, Result, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::accounts::status::AccountStatus;
use crate::api_keys::api_key::{ApiKeyEntry, MAX_API_KEYS};
use crate::store::{Store, account_key, user_key, user_partition};

pub(crate) fn api_key_key(user: UserId, key: ApiKeyId) -> Key {
    user_key(user, format!("APIKEY#{key}"))
}

/// The condition that an account has as many keys as before, `:keys`. It does not notice a key that replaced another; the write to
/// the deleted key's row does.
pub(crate) fn same_api_keys(before: &Account) -> &'static str {
    match before.api_keys {
        // Rows of early releases have no count.
        0 => "(attribute_not_exists(apiKeys) OR apiKeys = :keys)",
        _ => "apiKeys = :keys",
    }
}

impl Store {
    /// The keys of an account, newest first.
    pub(crate) async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKeyEntry>> {
        let query = Query::of(&self.table, user_partition(user)).begins_with("APIKEY#").descending();
        query.first(MAX_API_KEYS).await
    }

    /// The same, without a read where the account has none.
    pub(crate) async fn api_keys_if_any(&self, account: &Account) -> Result<Vec<ApiKeyEntry>> {
        match account.api_keys {
            0 => Ok(Vec::new()),
            _ => self.api_keys(account.user_id).await,
        }
    }

    pub(crate) async fn api_key(&self, user: UserId, key: ApiKeyId) -> Result<Option<ApiKeyEntry>> {
        self.table.get(api_key_key(user, key)).await
    }

    /// The three writes of a new key: the count and the two rows. The count's condition fails when the account has the most keys,
    /// when its role or status has changed, or when its sessions were ended: a concurrent reset must not miss the key of a thief.
    pub(crate) fn add_api_key(&self, account: &Account, entry: &ApiKeyEntry) -> Result<[Write; 3]> {
        let user = account.user_id;
        let count = Write::update(&self.table, account_key(user), "SET apiKeys = if_not_exists(apiKeys, :none) + :one")
            .when(format!(
                "(attribute_not_exists(apiKeys) OR apiKeys < :most) AND #role = :role AND #status = :status AND {}",
                match account.sessions_ended_at {
                    None => "attribute_not_exists(sessionsEndedAt)",
                    Some(_) => "sessionsEndedAt = :ended",
                }
            ))
            .name("#role", "role")
            .name("#status", "status")
            .value(":none", 0)?
            .value(":one", 1)?
            .value(":most", MAX_API_KEYS)?
            .value(":role", account.role)?
            .value(":status", account.status)?;
        let count = match account.sessions_ended_at {
            None => count,
            Some(at) => count.value(":ended", at)?,
        };
        let entry_row = Write::create(&self.table, api_key_key(user, entry.key_id), entry)?;
        let grant = ApiKeyGrant {
            key_id: entry.key_id,
            user_id: user,
            role: account.role,
            active: account.status == AccountStatus::Active,
            scopes: entry.scopes,
            valid_until: entry.valid_until,
            last_used_at: None,
        };
        Ok([count, entry_row, ApiKeys::create(&self.table, &entry.digest, &grant)?])
    }

    /// The three writes that revoke an existing key.
    pub(crate) fn remove_api_key(&self, user: UserId, key: ApiKeyId, digest: &str) -> Result<[Write; 3]> {
        let count = Write::update(&self.table, account_key(user), "SET apiKeys = apiKeys - :one");
        let count = count.when("attribute_exists(apiKeys)").value(":one", 1)?;
        let [entry_row, grant] = self.remove_api_key_rows(user, key, digest);
        Ok([count, entry_row, grant])
    }

    /// Lets an existing key end at that time, as its owner sees it.
    pub(crate) fn limit_api_key(&self, user: UserId, key: ApiKeyId, until: Timestamp) -> Result<Write> {
        let write = Write::update(&self.table, api_key_key(user, key), "SET validUntil = :until");
        write.when("attribute_exists(pk)").value(":until", until)
    }

    /// The writes that remove the two rows of an existing key, without the count.
    pub(crate) fn remove_api_key_rows(&self, user: UserId, key: ApiKeyId, digest: &str) -> [Write; 2] {
        let entry_row = Write::delete(&self.table, api_key_key(user, key)).when("attribute_exists(pk)");
        [entry_row, ApiKeys::revoke(&self.table, digest)]
    }
}
