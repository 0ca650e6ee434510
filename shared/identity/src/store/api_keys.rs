//! The rows of API keys: one among its owner's, one by which it is checked (aws-kit's [`ApiKeys`]), and their count on the account.
//! All three change together. Neither row expires by itself: what DynamoDB deletes, it does not count off.

use aws_kit::{ApiKeyGrant, ApiKeys, Key, Query, Write};
use values::{ApiKeyId, Result, UserId};

use super::{Store, account_key, user_key};
use crate::account::{Account, Status};
use crate::api_key::{ApiKeyEntry, MOST_API_KEYS};

pub(super) fn api_key_key(user: UserId, key: ApiKeyId) -> Key {
    user_key(user, format!("APIKEY#{key}"))
}

/// The condition that an account has as many keys as before, `:keys`. One that came instead of another is not noticed by it, but by
/// the row that is gone.
pub(super) fn still(before: &Account) -> &'static str {
    match before.api_keys {
        // Rows from before had no count.
        0 => "(attribute_not_exists(apiKeys) OR apiKeys = :keys)",
        _ => "apiKeys = :keys",
    }
}

impl Store {
    /// The keys of an account, newest first.
    pub(crate) async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKeyEntry>> {
        let query = Query::of(&self.table, format!("USER#{user}")).begins_with("APIKEY#").descending();
        query.first(MOST_API_KEYS).await
    }

    /// The same, without a look where there are none.
    pub(crate) async fn api_keys_of(&self, account: &Account) -> Result<Vec<ApiKeyEntry>> {
        match account.api_keys {
            0 => Ok(Vec::new()),
            _ => self.api_keys(account.user_id).await,
        }
    }

    pub(crate) async fn api_key(&self, user: UserId, key: ApiKeyId) -> Result<Option<ApiKeyEntry>> {
        self.table.get(api_key_key(user, key)).await
    }

    /// The three writes of a new key: the count, refused when there are enough, or when the account stands otherwise than `account`
    /// says, whose role the key is given; and the two rows.
    pub(crate) fn add_api_key(&self, account: &Account, entry: &ApiKeyEntry) -> Result<[Write; 3]> {
        let user = account.user_id;
        let count = Write::update(&self.table, account_key(user), "SET apiKeys = if_not_exists(apiKeys, :none) + :one")
            .when("(attribute_not_exists(apiKeys) OR apiKeys < :most) AND #role = :role AND #status = :status")
            .name("#role", "role")
            .name("#status", "status")
            .value(":none", 0)?
            .value(":one", 1)?
            .value(":most", MOST_API_KEYS)?
            .value(":role", account.role)?
            .value(":status", account.status)?;
        let listed = Write::create(&self.table, api_key_key(user, entry.key_id), entry)?;
        let granted = ApiKeyGrant {
            key_id: entry.key_id,
            user_id: user,
            role: account.role,
            active: account.status == Status::Active,
            scopes: entry.scopes,
            valid_until: entry.valid_until,
            last_used_at: None,
        };
        Ok([count, listed, ApiKeys::create(&self.table, &entry.digest, &granted)?])
    }

    /// The three writes that end a key which must be there.
    pub(crate) fn remove_api_key(&self, user: UserId, key: ApiKeyId, digest: &str) -> Result<[Write; 3]> {
        let count = Write::update(&self.table, account_key(user), "SET apiKeys = apiKeys - :one");
        let count = count.when("attribute_exists(apiKeys)").value(":one", 1)?;
        let listed = Write::delete(&self.table, api_key_key(user, key)).when("attribute_exists(pk)");
        Ok([count, listed, ApiKeys::revoke(&self.table, digest)])
    }
}
