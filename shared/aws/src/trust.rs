//! The data by which every function checks credentials: the public keys of tokens, the sessions that ended early, and API keys.
//!
//! They are rows of the identity table (`KEYS` / `JWKS` and `TRUSTED`, `REVOKED#…` / session or account, `APIKEY#…`: see [`ApiKeys`],
//! `BLOCKED#…`: see [`AccountBlocks`]). Only identity writes them. All functions may read exactly these partitions. So a token is checked
//! with DynamoDB's client alone, and usually without a call: keys are cached for five minutes, the others for thirty seconds.
//!
//! The partition of a revocation follows from the time at which it expires. So the partitions that still matter are known, they are few,
//! and expired rows are never read, however late DynamoDB deletes them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tracing::error;
use values::{Clock, Result, SessionId, Timestamp, UserId};

use crate::account_blocks::AccountBlocks;
use crate::api_keys::ApiKeys;
use crate::{Aws, Key, Query, Table, Write};

const KEYS_MAX_AGE: Duration = Duration::from_secs(300);
const REVOCATIONS_MAX_AGE: Duration = Duration::from_secs(30);
/// For an unknown key id the keys are read again, but not more often than this: forged tokens must not cost a read each.
const KEYS_MIN_AGE: Duration = Duration::from_secs(30);
/// The partition of the key sets.
const KEYS: &str = "KEYS";
/// The longest that a revocation may last, in seconds.
pub const MAX_REVOCATION_SECONDS: i64 = 16 * 60;
/// The revocations that expire within so many seconds share a partition. A reader needs two or three of them.
const REVOCATION_PARTITION_SECONDS: i64 = 600;
/// The clock of the function that revokes may be ahead by so much.
const MAX_CLOCK_DIFFERENCE_SECONDS: i64 = 60;
/// More revocations than any shop needs: reading them takes a megabyte. An attack can make so many, by logins and logouts.
const MANY_REVOCATIONS: usize = 10_000;
/// The most that is read of one partition.
const MAX_REVOCATIONS: u32 = 1_000_000;

/// The issuer of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// This shop.
    Own,
    /// The identity provider that the shop trusts beside itself, if one is configured.
    Trusted,
}

impl Issuer {
    fn row(self) -> &'static str {
        match self {
            Self::Own => "JWKS",
            Self::Trusted => "TRUSTED",
        }
    }
}

/// The JSON Web Key Sets (RFC 7517) that tokens are checked with; `{"keys": []}` before the first key is published.
#[derive(Debug)]
pub struct PublicKeys {
    own: Value,
    trusted: Value,
}

impl PublicKeys {
    /// The keys of an issuer.
    pub fn of(&self, issuer: Issuer) -> &Value {
        match issuer {
            Issuer::Own => &self.own,
            Issuer::Trusted => &self.trusted,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct KeysRow {
    #[serde(default, skip_serializing)]
    sk: String,
    jwks: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RevokedRow {
    sk: String,
    /// In the row of an account: all its sessions that began until this time have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    expires_at: i64,
}

#[derive(Debug, Default)]
struct Cache {
    keys: Option<(Instant, Arc<PublicKeys>)>,
    revoked: Option<(Instant, HashMap<String, Option<Timestamp>>)>,
}

/// The public keys, the revoked sessions and the API keys, cached. Cheap to clone; clones share the cache.
#[derive(Debug, Clone)]
pub struct TokenTrust {
    table: Table,
    cache: Arc<Mutex<Cache>>,
    api_keys: ApiKeys,
    account_blocks: AccountBlocks,
}

impl TokenTrust {
    /// Reads from the identity table.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_IDENTITY")?))
    }

    /// Reads from `table`.
    pub fn new(table: Table) -> Self {
        let (api_keys, account_blocks) = (ApiKeys::new(table.clone()), AccountBlocks::new(table.clone()));
        Self { table, cache: Arc::default(), api_keys, account_blocks }
    }

    /// The API keys.
    pub fn api_keys(&self) -> &ApiKeys {
        &self.api_keys
    }

    /// The accounts that may not act, for tokens of a trusted issuer.
    pub fn account_blocks(&self) -> &AccountBlocks {
        &self.account_blocks
    }

    /// The public keys. With `is_key_missing` the cached ones lack the key of a token, so they are read again unless they are very new.
    pub async fn keys(&self, is_key_missing: bool) -> Result<Arc<PublicKeys>> {
        let mut cache = self.cache.lock().await;
        let limit = if is_key_missing { KEYS_MIN_AGE } else { KEYS_MAX_AGE };
        if let Some((read_at, keys)) = &cache.keys
            && read_at.elapsed() < limit
        {
            return Ok(keys.clone());
        }
        let rows = Query::of(&self.table, KEYS).first::<KeysRow>(10).await?;
        let of = |issuer: Issuer| {
            let row = rows.iter().find(|row| row.sk == issuer.row());
            let set = row.and_then(|row| serde_json::from_str(&row.jwks).ok());
            set.unwrap_or_else(|| json!({ "keys": [] }))
        };
        let keys = Arc::new(PublicKeys { own: of(Issuer::Own), trusted: of(Issuer::Trusted) });
        cache.keys = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    /// Has the session ended before its access tokens expire? Either the session itself, or all sessions of the account until a time.
    pub async fn has_ended(&self, session: SessionId, user: UserId, session_start: Timestamp) -> Result<bool> {
        let mut cache = self.cache.lock().await;
        let is_stale = cache.revoked.as_ref().is_none_or(|(read_at, _)| read_at.elapsed() >= REVOCATIONS_MAX_AGE);
        if is_stale {
            cache.revoked = Some((Instant::now(), self.read_revoked(Clock::System.now()).await?));
        }
        let Some((_, revoked)) = &cache.revoked else { return Ok(false) };
        let has_account_ended =
            revoked.get(&user.to_string()).is_some_and(|until| until.is_some_and(|until| session_start <= until));
        Ok(has_account_ended || revoked.contains_key(&session.to_string()))
    }

    /// Reads the revocations that have not expired, in pages of a megabyte, all partitions at once.
    async fn read_revoked(&self, now: Timestamp) -> Result<HashMap<String, Option<Timestamp>>> {
        // Earlier releases wrote all revocations into this partition. Its rows expire 16 minutes after the last function of such a
        // release has ended; then the release after this one may leave it out.
        let partitions = partitions_at(now).into_iter().chain(["REVOKED".to_owned()]);
        let read = partitions.map(|partition| Query::of(&self.table, partition).first::<RevokedRow>(MAX_REVOCATIONS));
        let rows = try_join_all(read).await?.into_iter().flatten();
        // An account may have rows in more than one partition. The latest time counts, whatever their order.
        let mut revoked: HashMap<String, Option<Timestamp>> = HashMap::new();
        for row in rows {
            let until = revoked.entry(row.sk).or_default();
            *until = (*until).max(row.until);
        }
        if revoked.len() > MANY_REVOCATIONS {
            error!(alarm = "tokens.many_revocations", revocations = revoked.len(), "very many sessions were ended");
        }
        Ok(revoked)
    }

    /// Publishes the key set of an issuer. Only for the function that rotates the keys.
    pub async fn publish(&self, issuer: Issuer, jwks: &Value) -> Result<()> {
        let row = KeysRow { sk: String::new(), jwks: jwks.to_string() };
        let written = Write::put(&self.table, Key::new(KEYS, issuer.row()), &row)?.run().await?;
        self.cache.lock().await.keys = None;
        written.map_err(|_| values::Error::internal("the condition of an unconditional put failed"))
    }

    /// The write that ends a session in every function until its last access token has expired, at most [`MAX_REVOCATION_SECONDS`] from
    /// now. Only for identity.
    pub fn revoke(&self, session: SessionId, tokens_end: Timestamp) -> Result<Write> {
        self.put_revocation(session.to_string(), None, tokens_end)
    }

    /// The write that ends all sessions of an account that began until `until`, in the same way. Only for identity.
    pub fn revoke_all(&self, user: UserId, until: Timestamp, tokens_end: Timestamp) -> Result<Write> {
        self.put_revocation(user.to_string(), Some(until), tokens_end)
    }

    fn put_revocation(&self, name: String, until: Option<Timestamp>, tokens_end: Timestamp) -> Result<Write> {
        let row = RevokedRow { sk: name.clone(), until, expires_at: tokens_end.seconds() };
        Write::put(&self.table, Key::new(partition_of(tokens_end), name), &row)
    }
}

/// The partition of the revocations that expire at that time.
fn partition_of(expires_at: Timestamp) -> String {
    format!("REVOKED#{}", expires_at.seconds().div_euclid(REVOCATION_PARTITION_SECONDS))
}

/// The partitions of all revocations that matter at that time.
fn partitions_at(now: Timestamp) -> Vec<String> {
    let latest = now.plus_seconds(MAX_REVOCATION_SECONDS + MAX_CLOCK_DIFFERENCE_SECONDS);
    let number = |at: Timestamp| at.seconds().div_euclid(REVOCATION_PARTITION_SECONDS);
    (number(now)..=number(latest)).map(|number| format!("REVOKED#{number}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted_table::scripted_table;

    #[test]
    fn revocation_is_read_until_it_expires() {
        let at = |seconds: i64| Timestamp::from_millis((1_764_000_000 + seconds) * 1000);
        for written in 0..REVOCATION_PARTITION_SECONDS {
            let expires = written + MAX_REVOCATION_SECONDS;
            // The first reader has a slow clock, the last one reads in the last second.
            for read in [written - MAX_CLOCK_DIFFERENCE_SECONDS, written, expires] {
                let partitions = partitions_at(at(read));
                assert!(partitions.contains(&partition_of(at(expires))), "written {written}, read {read}");
                assert!((2..=3).contains(&partitions.len()), "{partitions:?}");
            }
        }
    }

    #[tokio::test]
    async fn revocations_of_all_partitions_count_and_so_does_that_of_an_earlier_release() {
        let (user, session): (UserId, SessionId) = (Clock::System.mint(), Clock::System.mint());
        let now = Clock::System.now();
        let page = |sk: String, until: Option<Timestamp>| {
            let mut item = json!({ "pk": { "S": "x" }, "sk": { "S": sk }, "expiresAt": { "N": "1" } });
            if let Some(until) = until {
                item["until"] = json!({ "S": until });
            }
            (200, json!({ "Items": [item] }))
        };
        let mut answers: Vec<_> = partitions_at(now).iter().map(|_| page(session.to_string(), None)).collect();
        answers.push(page(user.to_string(), Some(now)));
        let count = answers.len();
        let (table, calls) = scripted_table(answers);
        let trust = TokenTrust::new(table);
        let other: SessionId = Clock::System.mint();
        assert!(trust.has_ended(session, Clock::System.mint(), now).await.unwrap());
        assert!(trust.has_ended(other, user, now).await.unwrap());
        assert!(!trust.has_ended(other, user, now.plus_seconds(1)).await.unwrap(), "it began later");
        assert_eq!(calls.lock().unwrap().len(), count, "one query for each partition, and then the cache");
    }

    #[tokio::test]
    async fn latest_of_several_revocations_of_an_account_counts() {
        let (user, now): (UserId, _) = (Clock::System.mint(), Clock::System.now());
        let page = |seconds: i64| {
            let until = now.plus_seconds(seconds);
            json!({ "Items": [{ "pk": { "S": "x" }, "sk": { "S": user }, "until": { "S": until }, "expiresAt": { "N": "1" } }] })
        };
        let partitions = partitions_at(now).len() + 1;
        for latest in 0..partitions {
            let pages = (0..partitions).map(|at| (200, page(if at == latest { -10 } else { -60 }))).collect();
            let trust = TokenTrust::new(scripted_table(pages).0);
            let session_start = now.plus_seconds(-30);
            assert!(trust.has_ended(Clock::System.mint(), user, session_start).await.unwrap(), "latest is {latest}");
        }
    }
}
