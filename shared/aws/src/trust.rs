//! What every function trusts: the public keys that tokens are signed with, and the sessions that ended early.
//!
//! They lie in the identity table (`KEYS` / `JWKS`, `REVOKED` / session id), written by identity alone and read by all through
//! a policy on exactly these two partitions. So checking a token needs no client beside DynamoDB's, and usually no call:
//! keys are kept five minutes, revocations thirty seconds.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use values::{PageRequest, Result, SessionId, Timestamp};

use crate::{Aws, Key, Query, Table, Write};

const KEYS_KEPT: Duration = Duration::from_secs(300);
const REVOCATIONS_KEPT: Duration = Duration::from_secs(30);
/// An unknown key id asks for the keys again, but not more often than this: a forged token must not cost a read each.
const KEYS_ASKED_AGAIN_AFTER: Duration = Duration::from_secs(5);

#[derive(Serialize, Deserialize)]
struct KeysRow {
    jwks: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RevokedRow {
    sk: String,
    expires_at: i64,
}

#[derive(Debug, Default)]
struct Kept {
    keys: Option<(Instant, Arc<Value>)>,
    revoked: Option<(Instant, HashSet<String>)>,
}

/// The trusted keys and the revoked sessions, cached. Cheap to clone; clones share the cache.
#[derive(Debug, Clone)]
pub struct Trust {
    table: Table,
    kept: Arc<Mutex<Kept>>,
    revocations_kept: Duration,
}

impl Trust {
    /// Reads from the identity table.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_IDENTITY")?))
    }

    /// Reads from that table.
    pub fn new(table: Table) -> Self {
        Self { table, kept: Arc::default(), revocations_kept: REVOCATIONS_KEPT }
    }

    /// The same, asking for revocations every time: in `auth` an ended session is over at once, in whichever sandbox it ended.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { revocations_kept: Duration::ZERO, ..self }
    }

    /// The JSON Web Key Set (RFC 7517), `{"keys": []}` before the first key is published.
    /// `missing` tells that the kept set lacks a key that a token names.
    pub async fn keys(&self, missing: bool) -> Result<Arc<Value>> {
        let mut kept = self.kept.lock().await;
        let limit = if missing { KEYS_ASKED_AGAIN_AFTER } else { KEYS_KEPT };
        if let Some((read, keys)) = &kept.keys
            && read.elapsed() < limit
        {
            return Ok(keys.clone());
        }
        let row = self.table.get::<KeysRow>(Key::new("KEYS", "JWKS")).await?;
        let keys = row.and_then(|row| serde_json::from_str(&row.jwks).ok());
        let keys = Arc::new(keys.unwrap_or_else(|| serde_json::json!({ "keys": [] })));
        kept.keys = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }

    /// Did this session end before its access tokens did?
    pub async fn is_revoked(&self, session: SessionId) -> Result<bool> {
        let mut kept = self.kept.lock().await;
        let stale = kept.revoked.as_ref().is_none_or(|(read, _)| read.elapsed() >= self.revocations_kept);
        if stale {
            kept.revoked = Some((Instant::now(), self.read_revoked().await?));
        }
        Ok(kept.revoked.as_ref().is_some_and(|(_, revoked)| revoked.contains(&session.to_string())))
    }

    async fn read_revoked(&self) -> Result<HashSet<String>> {
        let mut revoked = HashSet::new();
        let mut request = PageRequest { limit: 100, after: None };
        loop {
            let page = Query::of(&self.table, "REVOKED").page::<RevokedRow>(&request).await?;
            revoked.extend(page.rows.into_iter().map(|row| row.sk));
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(revoked),
            }
        }
    }

    /// Makes the key set public. For identity alone.
    pub async fn publish(&self, jwks: &Value) -> Result<()> {
        let row = KeysRow { jwks: jwks.to_string() };
        let written = Write::put(&self.table, Key::new("KEYS", "JWKS"), &row)?.run().await?;
        self.kept.lock().await.keys = None;
        written.map_err(|_| values::Error::internal("an unconditional put was refused"))
    }

    /// The write that ends a session everywhere until its last access token has expired. For identity alone.
    pub fn revoke(&self, session: SessionId, tokens_end: Timestamp) -> Result<Write> {
        let row = RevokedRow { sk: session.to_string(), expires_at: tokens_end.seconds() };
        Write::put(&self.table, Key::new("REVOKED", session.to_string()), &row)
    }
}
