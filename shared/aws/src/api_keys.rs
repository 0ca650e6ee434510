//! API keys, as every function checks them: the identity table has a row for each, under its digest. Identity writes the rows. The
//! other functions read them and record when a key was used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing::warn;
use values::{ApiKeyId, Result, Role, Scopes, Timestamp, UserId};

use crate::lookup_cache::LookupCache;
use crate::{Key, Table, Write};

/// The last use is recorded once an hour, so a key in use costs one write an hour.
const RECORD_INTERVAL_SECONDS: i64 = 3600;
/// The longest that a request waits until its use is recorded.
const RECORD_TIMEOUT: Duration = Duration::from_millis(500);

/// The row of a key. The account's role and status are copies, which change in the same transaction as the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyGrant {
    pub key_id: ApiKeyId,
    pub user_id: UserId,
    pub role: Role,
    /// Is the account active?
    pub active: bool,
    pub scopes: Scopes,
    /// When the key expires.
    pub valid_until: Timestamp,
    /// The time of the last use, accurate to an hour.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
}

impl ApiKeyGrant {
    /// Has the key expired?
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.valid_until <= now
    }
}

/// Lookups, by digest. Unknown digests have a cache of their own, so that an attack with many of them does not evict known keys. A
/// revoked key, or a key of a suspended account, may work as long as a lookup is cached. Full caches are some hundred kilobytes.
#[derive(Debug, Default)]
struct Cache {
    known: LookupCache<String, ApiKeyGrant>,
    unknown: LookupCache<String, ()>,
}

/// The API keys, cached. Cheap to clone; clones share the cache.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    table: Table,
    cache: Arc<Mutex<Cache>>,
}

impl ApiKeys {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, cache: Arc::default() }
    }

    /// The key with that digest, at most 30 seconds old; none if there is no such key. 1 read unless it is cached, and 1 write for the
    /// first use in an hour. The read is consistent, so a key works as soon as it was created.
    pub async fn find(&self, digest: &str, now: Timestamp) -> Result<Option<ApiKeyGrant>> {
        if let Some(cached) = self.cache().find(digest) {
            return Ok(cached);
        }
        let mut found: Option<ApiKeyGrant> = self.table.get(row(digest)).await?;
        if let Some(grant) = found.as_mut().filter(|grant| grant.active && !grant.has_expired(now)) {
            let due = now.plus_seconds(-RECORD_INTERVAL_SECONDS);
            if grant.last_used_at.is_none_or(|last| last < due) {
                self.record_use(digest, now, due).await;
                grant.last_used_at = Some(now);
            }
        }
        self.cache().insert(digest, found.clone());
        Ok(found)
    }

    /// Would [`ApiKeys::find`] answer without a read?
    pub fn is_cached(&self, digest: &str) -> bool {
        self.cache().find(digest).is_some()
    }

    /// Removes a key from the cache of this execution environment, which has changed it.
    pub fn evict(&self, digest: &str) {
        self.cache().known.remove(digest);
    }

    /// Records a use, unless another execution environment has. If that fails, the request continues.
    async fn record_use(&self, digest: &str, now: Timestamp, due: Timestamp) {
        let recording = async {
            let write = Write::update(&self.table, row(digest), "SET lastUsedAt = :now")
                .when("attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :due)");
            write.value(":now", now)?.value(":due", due)?.run().await
        };
        match tokio::time::timeout(RECORD_TIMEOUT, recording).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => warn!(error.cause = error.causes(), "the use of an API key was not recorded"),
            Err(_) => warn!("the use of an API key was not recorded in time"),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys with those digests that exist, in no order. 1 consistent read each, in 1 round trip.
    pub async fn find_all(table: &Table, digests: &[String]) -> Result<Vec<ApiKeyGrant>> {
        let rows: Vec<_> = digests.iter().map(|digest| row(digest)).collect();
        table.batch_get(&rows).await
    }

    /// The write that creates a key. Only for identity, like those below.
    pub fn create(table: &Table, digest: &str, grant: &ApiKeyGrant) -> Result<Write> {
        Write::create(table, row(digest), grant)
    }

    /// The write that copies the role and status of an account to its key, which has to exist.
    pub fn update_account(table: &Table, digest: &str, role: Role, active: bool) -> Result<Write> {
        let update = Write::update(table, row(digest), "SET #role = :role, active = :active");
        update.when("attribute_exists(pk)").name("#role", "role").value(":role", role)?.value(":active", active)
    }

    /// The write that lets a key end at that time; it has to exist.
    pub fn limit(table: &Table, digest: &str, until: Timestamp) -> Result<Write> {
        Write::update(table, row(digest), "SET validUntil = :until").when("attribute_exists(pk)").value(":until", until)
    }

    /// The write that deletes a key.
    pub fn revoke(table: &Table, digest: &str) -> Write {
        Write::delete(table, row(digest))
    }
}

fn row(digest: &str) -> Key {
    Key::new(format!("APIKEY#{digest}"), "APIKEY")
}

impl Cache {
    /// The cached lookup of a digest; none if the table has to be read.
    fn find(&self, digest: &str) -> Option<Option<ApiKeyGrant>> {
        let known = self.known.find(digest).map(|grant| Some(grant.clone()));
        known.or_else(|| self.unknown.find(digest).map(|()| None))
    }

    fn insert(&mut self, digest: &str, found: Option<ApiKeyGrant>) {
        match found {
            Some(grant) => {
                self.unknown.remove(digest);
                self.known.insert(digest.to_owned(), grant);
            }
            None => {
                self.known.remove(digest);
                self.unknown.insert(digest.to_owned(), ());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup_cache::MAX_ENTRIES;
    use values::Clock;

    fn grant() -> ApiKeyGrant {
        let (key_id, user_id) = (Clock::System.mint(), Clock::System.mint());
        let (role, valid_until) = ("customer".parse().unwrap(), Timestamp::from_millis(1_000));
        let scopes = Scopes::grantable(role);
        ApiKeyGrant { key_id, user_id, role, active: true, scopes, valid_until, last_used_at: None }
    }

    #[test]
    fn key_expires_at_its_time() {
        assert!(!grant().has_expired(Timestamp::from_millis(999)));
        assert!(grant().has_expired(Timestamp::from_millis(1_000)));
    }

    #[test]
    fn many_unknown_keys_do_not_evict_a_known_one() {
        let mut cache = Cache::default();
        cache.insert("known", Some(grant()));
        for unknown in 0..=MAX_ENTRIES {
            cache.insert(&unknown.to_string(), None);
        }
        assert!(cache.find("known").unwrap().is_some() && cache.find(&MAX_ENTRIES.to_string()).unwrap().is_none());
        assert!(cache.find("never seen").is_none());
    }

    #[test]
    fn digest_is_either_known_or_unknown() {
        let mut cache = Cache::default();
        cache.insert("key", None);
        cache.insert("key", Some(grant()));
        assert!(cache.find("key").unwrap().is_some());
        cache.insert("key", None);
        assert!(cache.find("key").unwrap().is_none());
    }
}
