//! API keys as every function checks them: a row under the digest of each, in the identity table. Identity writes them; the others
//! may read them, and note when a key was used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::warn;
use values::{ApiKeyId, Result, Role, Scopes, Timestamp, UserId};

use crate::{Key, Table, Write};

/// A key that is revoked, and one of an account that is suspended, works on for so long at most where it was used just before.
const KEPT: Duration = Duration::from_secs(30);
/// Of good keys, and of digests that are no key's, as many as a sandbox remembers: some hundred kilobytes.
const MOST_KEPT: usize = 1000;
/// The last use is noted to the hour: a key in use costs a write an hour, and not one a request.
const NOTED_AGAIN_AFTER_SECONDS: i64 = 3600;
/// Longer than that, no request waits for a note.
const NOTING: Duration = Duration::from_millis(500);

/// What a key's row says: whose it is and what for. The account's role and whether it may be used are copies, which change in the
/// transaction that changes them there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyGrant {
    /// The key.
    pub key_id: ApiKeyId,
    /// The account.
    pub user_id: UserId,
    /// What the account may do.
    pub role: Role,
    /// May the account be used?
    pub active: bool,
    /// What the key is for.
    pub scopes: Scopes,
    /// When it ends.
    pub valid_until: Timestamp,
    /// When it was last used, to the hour.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
}

impl ApiKeyGrant {
    /// Has it ended?
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.valid_until <= now
    }
}

/// What was looked up, by digest. Strangers are kept apart, so that whoever tries many drives no good key out.
#[derive(Debug, Default)]
struct Kept {
    known: HashMap<String, (Instant, ApiKeyGrant)>,
    strangers: HashMap<String, (Instant, ())>,
}

/// The API keys, cached. Cheap to clone; clones share the cache.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    table: Table,
    kept: Arc<Mutex<Kept>>,
}

impl ApiKeys {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, kept: Arc::default() }
    }

    /// The key of that digest, as it was thirty seconds ago at most; none if there is no such key. 1 read unless it is kept, and 1
    /// write for the first use in an hour. Consistent: a key works as soon as its owner has it.
    pub async fn find(&self, digest: &str, now: Timestamp) -> Result<Option<ApiKeyGrant>> {
        if let Some(kept) = self.kept().find(digest) {
            return Ok(kept);
        }
        let mut found: Option<ApiKeyGrant> = self.table.get(row(digest)).await?;
        if let Some(granted) = found.as_mut().filter(|granted| granted.active && !granted.has_expired(now)) {
            let due = now.plus_seconds(-NOTED_AGAIN_AFTER_SECONDS);
            if granted.last_used_at.is_none_or(|last| last < due) {
                self.note(digest, now, due).await;
                granted.last_used_at = Some(now);
            }
        }
        self.kept().keep(digest, found.clone());
        Ok(found)
    }

    /// Forgets what is kept of a key here, which was changed here.
    pub fn forget(&self, digest: &str) {
        self.kept().known.remove(digest);
    }

    /// Notes a use, unless another sandbox has. A note that is lost is no reason to refuse a request.
    async fn note(&self, digest: &str, now: Timestamp, due: Timestamp) {
        let noting = async {
            let noted = Write::update(&self.table, row(digest), "SET lastUsedAt = :now")
                .when("attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt < :due)");
            noted.value(":now", now)?.value(":due", due)?.run().await
        };
        match tokio::time::timeout(NOTING, noting).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => warn!(error.cause = error.causes(), "a use of an API key was not noted"),
            Err(_) => warn!("a use of an API key was not noted in time"),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys of those digests as they are now, in no order, those that exist. 1 read each, in one round trip.
    pub async fn all(table: &Table, digests: &[String]) -> Result<Vec<ApiKeyGrant>> {
        let rows: Vec<_> = digests.iter().map(|digest| row(digest)).collect();
        table.batch_get(&rows).await
    }

    /// The write that makes a key. For identity alone, like those below.
    pub fn grant(table: &Table, digest: &str, granted: &ApiKeyGrant) -> Result<Write> {
        Write::create(table, row(digest), granted)
    }

    /// The write that tells a key, which has to be there, how its account stands.
    pub fn restate(table: &Table, digest: &str, role: Role, active: bool) -> Result<Write> {
        let restated = Write::update(table, row(digest), "SET #role = :role, active = :active");
        restated.when("attribute_exists(pk)").name("#role", "role").value(":role", role)?.value(":active", active)
    }

    /// The write that ends a key.
    pub fn revoke(table: &Table, digest: &str) -> Write {
        Write::delete(table, row(digest))
    }
}

fn row(digest: &str) -> Key {
    Key::new(format!("APIKEY#{digest}"), "APIKEY")
}

impl Kept {
    /// What is known of a digest; nothing if it has to be looked up.
    fn find(&self, digest: &str) -> Option<Option<ApiKeyGrant>> {
        let known = fresh(&self.known, digest).map(|granted| Some(granted.clone()));
        known.or_else(|| fresh(&self.strangers, digest).map(|()| None))
    }

    fn keep(&mut self, digest: &str, found: Option<ApiKeyGrant>) {
        match found {
            Some(granted) => {
                self.strangers.remove(digest);
                insert(&mut self.known, digest, granted);
            }
            None => {
                self.known.remove(digest);
                insert(&mut self.strangers, digest, ());
            }
        }
    }
}

fn fresh<'a, T>(kept: &'a HashMap<String, (Instant, T)>, digest: &str) -> Option<&'a T> {
    kept.get(digest).filter(|(read, _)| read.elapsed() < KEPT).map(|(_, what)| what)
}

/// A map that is full loses what is old; if nothing is, everything, which costs a read each.
fn insert<T>(kept: &mut HashMap<String, (Instant, T)>, digest: &str, what: T) {
    if kept.len() >= MOST_KEPT {
        kept.retain(|_, (read, _)| read.elapsed() < KEPT);
    }
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(digest.to_owned(), (Instant::now(), what));
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    fn granted() -> ApiKeyGrant {
        let (key_id, user_id) = (Clock::System.mint(), Clock::System.mint());
        let (role, valid_until) = ("customer".parse().unwrap(), Timestamp::from_millis(1_000));
        let scopes = Scopes::grantable(role);
        ApiKeyGrant { key_id, user_id, role, active: true, scopes, valid_until, last_used_at: None }
    }

    #[test]
    fn a_key_ends_at_its_moment() {
        assert!(!granted().has_expired(Timestamp::from_millis(999)));
        assert!(granted().has_expired(Timestamp::from_millis(1_000)));
    }

    #[test]
    fn whoever_tries_many_keys_drives_no_good_one_out() {
        let mut kept = Kept::default();
        kept.keep("good", Some(granted()));
        for stranger in 0..=MOST_KEPT {
            kept.keep(&stranger.to_string(), None);
        }
        assert!(kept.strangers.len() <= MOST_KEPT);
        assert!(kept.find("good").unwrap().is_some() && kept.find(&MOST_KEPT.to_string()).unwrap().is_none());
        assert!(kept.find("never seen").is_none());
    }

    #[test]
    fn what_became_a_key_is_no_stranger() {
        let mut kept = Kept::default();
        kept.keep("key", None);
        kept.keep("key", Some(granted()));
        assert!(kept.find("key").unwrap().is_some());
        kept.keep("key", None);
        assert!(kept.find("key").unwrap().is_none());
    }
}
