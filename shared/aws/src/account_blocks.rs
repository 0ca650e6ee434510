//! Accounts that may not act: a row for each, which identity writes in the transaction that suspends or closes the account, and deletes
//! when it reinstates it. Tokens of this shop need no such row, because the sessions of the account end. A trusted issuer knows nothing
//! of that, and goes on issuing tokens for the account.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use values::{Result, UserId};

use crate::lookup_cache::LookupCache;
use crate::{Key, Table, Write};

/// Why an account may not act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountBlock {
    Suspended,
    Closed,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    status: AccountBlock,
}

/// The accounts that may not act, cached. Cheap to clone; clones share the cache.
#[derive(Debug, Clone)]
pub struct AccountBlocks {
    table: Table,
    cache: Arc<Mutex<Cache>>,
}

/// Lookups by account; none for an account that may act.
type Cache = LookupCache<UserId, Option<AccountBlock>>;

impl AccountBlocks {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, cache: Arc::default() }
    }

    /// Why the account may not act, at most 30 seconds old; none if it may. 1 read unless it is cached.
    pub async fn find(&self, user: UserId) -> Result<Option<AccountBlock>> {
        if let Some(cached) = self.cache().find(&user) {
            return Ok(*cached);
        }
        let found = self.table.get::<Row>(key(user)).await?.map(|row| row.status);
        self.cache().insert(user, found);
        Ok(found)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The write that blocks an account. Only for identity, like the next one.
    pub fn block(table: &Table, user: UserId, status: AccountBlock) -> Result<Write> {
        Write::put(table, key(user), &Row { status })
    }

    /// The write that lets a reinstated account act again.
    pub fn unblock(table: &Table, user: UserId) -> Write {
        Write::delete(table, key(user))
    }
}

fn key(user: UserId) -> Key {
    Key::new(format!("BLOCKED#{user}"), "BLOCKED")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use values::Clock;

    use super::*;
    use crate::scripted_table::scripted_table;

    #[tokio::test]
    async fn lookup_is_cached_for_blocked_and_other_accounts() {
        let row = json!({ "Item": { "pk": { "S": "x" }, "sk": { "S": "BLOCKED" }, "status": { "S": "suspended" } } });
        let (table, calls) = scripted_table(vec![(200, row), (200, json!({}))]);
        let blocks = AccountBlocks::new(table);
        let (suspended, active): (UserId, UserId) = (Clock::System.mint(), Clock::System.mint());
        for _ in 0..2 {
            assert_eq!(blocks.find(suspended).await.unwrap(), Some(AccountBlock::Suspended));
            assert_eq!(blocks.find(active).await.unwrap(), None);
        }
        assert_eq!(*calls.lock().unwrap(), ["getitem", "getitem"]);
    }
}
