//! The data by which every function checks credentials: the public keys of tokens, the sessions that ended early, and API keys.
//!
//! They are rows of the identity table (`KEYS` / `JWKS` and `TRUSTED`, `REVOKED` / session or account, `APIKEY#…`: see [`ApiKeys`]).
//! Only identity writes them. All functions may read exactly these partitions. So a token is checked with DynamoDB's client alone, and
//! usually without a call: keys are cached for five minutes, revocations and API keys for thirty seconds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use values::{PageRequest, Result, SessionId, Timestamp, UserId};

use crate::api_keys::ApiKeys;
use crate::{Aws, Key, Query, Table, Write};

const KEYS_MAX_AGE: Duration = Duration::from_secs(300);
const REVOCATIONS_MAX_AGE: Duration = Duration::from_secs(30);
/// For an unknown key id the keys are read again, but not more often than this: forged tokens must not cost a read each.
const KEYS_MIN_AGE: Duration = Duration::from_secs(30);
/// The partition of the key sets.
const KEYS: &str = "KEYS";
/// The partition of the sessions that ended early.
const REVOKED: &str = "REVOKED";

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
}

impl TokenTrust {
    /// Reads from the identity table.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_IDENTITY")?))
    }

    /// Reads from `table`.
    pub fn new(table: Table) -> Self {
        Self { api_keys: ApiKeys::new(table.clone()), table, cache: Arc::default() }
    }

    /// The API keys.
    pub fn api_keys(&self) -> &ApiKeys {
        &self.api_keys
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
            cache.revoked = Some((Instant::now(), self.read_revoked().await?));
        }
        let Some((_, revoked)) = &cache.revoked else { return Ok(false) };
        let has_account_ended =
            revoked.get(&user.to_string()).is_some_and(|until| until.is_some_and(|until| session_start <= until));
        Ok(has_account_ended || revoked.contains_key(&session.to_string()))
    }

    async fn read_revoked(&self) -> Result<HashMap<String, Option<Timestamp>>> {
        let mut revoked = HashMap::new();
        let mut request = PageRequest { limit: 100, after: None };
        loop {
            let page = Query::of(&self.table, REVOKED).page::<RevokedRow>(&request).await?;
            revoked.extend(page.rows.into_iter().map(|row| (row.sk, row.until)));
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(revoked),
            }
        }
    }

    /// Publishes the key set of an issuer. Only for the function that rotates the keys.
    pub async fn publish(&self, issuer: Issuer, jwks: &Value) -> Result<()> {
        let row = KeysRow { sk: String::new(), jwks: jwks.to_string() };
        let written = Write::put(&self.table, Key::new(KEYS, issuer.row()), &row)?.run().await?;
        self.cache.lock().await.keys = None;
        written.map_err(|_| values::Error::internal("the condition of an unconditional put failed"))
    }

    /// The write that ends a session in every function until its last access token has expired. Only for identity.
    pub fn revoke(&self, session: SessionId, tokens_end: Timestamp) -> Result<Write> {
        let row = RevokedRow { sk: session.to_string(), until: None, expires_at: tokens_end.seconds() };
        Write::put(&self.table, Key::new(REVOKED, session.to_string()), &row)
    }

    /// The write that ends all sessions of an account that began until `until`, in the same way. Only for identity.
    pub fn revoke_all(&self, user: UserId, until: Timestamp, tokens_end: Timestamp) -> Result<Write> {
        let row = RevokedRow { sk: user.to_string(), until: Some(until), expires_at: tokens_end.seconds() };
        Write::put(&self.table, Key::new(REVOKED, user.to_string()), &row)
    }
}
