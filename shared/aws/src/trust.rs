//! What every function trusts: the public keys that tokens are signed with, the sessions that ended early, and API keys.
//!
//! They lie in the identity table (`KEYS` / `JWKS` and `TRUSTED`, `REVOKED` / session or account, `APIKEY#…`: see [`ApiKeys`]),
//! written by identity alone and read by all through a policy on exactly these partitions. So checking a token needs no client beside
//! DynamoDB's, and usually no call: keys are kept five minutes, revocations and API keys thirty seconds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use values::{PageRequest, Result, SessionId, Timestamp, UserId};

use crate::api_keys::ApiKeys;
use crate::{Aws, Key, Query, Table, Write};

const KEYS_KEPT: Duration = Duration::from_secs(300);
const REVOCATIONS_KEPT: Duration = Duration::from_secs(30);
/// An unknown key id asks for the keys again, but not more often than this: a forged token must not cost a read each.
const KEYS_ASKED_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// The partition of key sets.
const KEYS: &str = "KEYS";
/// That of what ended early.
const REVOKED: &str = "REVOKED";

/// Whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// This shop's.
    Own,
    /// Those of the identity provider that the shop trusts beside its own, if there is one.
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
    /// Those of an issuer.
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
    /// Of an account: its sessions that began until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    expires_at: i64,
}

#[derive(Debug, Default)]
struct Kept {
    keys: Option<(Instant, Arc<PublicKeys>)>,
    revoked: Option<(Instant, HashMap<String, Option<Timestamp>>)>,
}

/// The trusted keys, the revoked sessions and the API keys, cached. Cheap to clone; clones share the cache.
#[derive(Debug, Clone)]
pub struct TokenTrust {
    table: Table,
    kept: Arc<Mutex<Kept>>,
    api_keys: ApiKeys,
}

impl TokenTrust {
    /// Reads from the identity table.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_IDENTITY")?))
    }

    /// Reads from that table.
    pub fn new(table: Table) -> Self {
        Self { api_keys: ApiKeys::new(table.clone()), table, kept: Arc::default() }
    }

    /// The API keys.
    pub fn api_keys(&self) -> &ApiKeys {
        &self.api_keys
    }

    /// The public keys. `missing` tells that the kept ones lack a key that a token names.
    pub async fn keys(&self, missing: bool) -> Result<Arc<PublicKeys>> {
        let mut kept = self.kept.lock().await;
        let limit = if missing { KEYS_ASKED_AGAIN_AFTER } else { KEYS_KEPT };
        if let Some((read, keys)) = &kept.keys
            && read.elapsed() < limit
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
        kept.keys = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    /// Did this session, which began then, end before its access tokens did? By itself, or with all of its account.
    pub async fn has_ended(&self, session: SessionId, user: UserId, began: Timestamp) -> Result<bool> {
        let mut kept = self.kept.lock().await;
        let stale = kept.revoked.as_ref().is_none_or(|(read, _)| read.elapsed() >= REVOCATIONS_KEPT);
        if stale {
            kept.revoked = Some((Instant::now(), self.read_revoked().await?));
        }
        let Some((_, revoked)) = &kept.revoked else { return Ok(false) };
        let with_all = revoked.get(&user.to_string()).is_some_and(|until| until.is_some_and(|until| began <= until));
        Ok(with_all || revoked.contains_key(&session.to_string()))
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

    /// Makes an issuer's key set public. For the function alone that rotates them.
    pub async fn publish(&self, issuer: Issuer, jwks: &Value) -> Result<()> {
        let row = KeysRow { sk: String::new(), jwks: jwks.to_string() };
        let written = Write::put(&self.table, Key::new(KEYS, issuer.row()), &row)?.run().await?;
        self.kept.lock().await.keys = None;
        written.map_err(|_| values::Error::internal("an unconditional put was refused"))
    }

    /// The write that ends a session everywhere until its last access token has expired. For identity alone.
    pub fn revoke(&self, session: SessionId, tokens_end: Timestamp) -> Result<Write> {
        let row = RevokedRow { sk: session.to_string(), until: None, expires_at: tokens_end.seconds() };
        Write::put(&self.table, Key::new(REVOKED, session.to_string()), &row)
    }

    /// The write that ends all sessions of an account that began until `until`, likewise. For identity alone.
    pub fn revoke_all(&self, user: UserId, until: Timestamp, tokens_end: Timestamp) -> Result<Write> {
        let row = RevokedRow { sk: user.to_string(), until: Some(until), expires_at: tokens_end.seconds() };
        Write::put(&self.table, Key::new(REVOKED, user.to_string()), &row)
    }
}
