//! Idempotency of requests: the answer is kept beside the effect, in the same transaction, and given again to a repetition.
//!
//! There is no "in progress" state here: of two requests with one key that run at once, one commits and the other is refused
//! by the record's condition, and answers with what the first one wrote.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use values::{Error, Kind, Result, Timestamp};

use crate::{Key, Refused, Table, Write, sha256_hex};

const KEPT_SECONDS: i64 = 24 * 3600;

/// One keyed request: who, what, and a digest of its body.
#[derive(Debug, Clone)]
pub struct Idempotency {
    scope: String,
    body: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    body: String,
    answer: String,
    expires_at: i64,
}

/// An answer, and whether it was given before.
#[derive(Debug)]
pub enum Attempt<T> {
    /// The work was done now.
    Fresh(T),
    /// The work was done by an earlier request with the same key; this is what it answered.
    Replayed(T),
}

impl Idempotency {
    /// `caller` is an account or what stands for a guest, `action` the method and path.
    pub fn new(caller: &str, action: &str, key: &str, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self { scope: sha256_hex(format!("{caller}\n{action}\n{key}").as_bytes()), body: sha256_hex(&body) })
    }

    fn key(&self) -> Key {
        Key::new(format!("IDEMPOTENCY#{}", self.scope), "IDEMPOTENCY")
    }

    /// The write that keeps the answer for 24 hours; refused when there is one already.
    pub fn keep(&self, table: &Table, answer: &impl Serialize, now: Timestamp) -> Result<Write> {
        let answer = serde_json::to_string(answer).map_err(Error::internal)?;
        let row = Row { body: self.body.clone(), answer, expires_at: now.seconds() + KEPT_SECONDS };
        // DynamoDB's TTL deletes late, so an expired record counts as none.
        Write::put(table, self.key(), &row)?
            .when("attribute_not_exists(pk) OR expiresAt < :now")
            .value(":now", now.seconds())
    }

    /// The earlier answer, if this request was done before.
    pub async fn recall<T: DeserializeOwned>(&self, table: &Table, now: Timestamp) -> Result<Option<T>> {
        let row = table.get::<Row>(self.key()).await?;
        row.filter(|row| row.expires_at >= now.seconds()).map(|row| self.answer(&row)).transpose()
    }

    /// The earlier answer, from the record that refused [`Idempotency::keep`].
    pub fn recalled<T: DeserializeOwned>(&self, refused: &Refused) -> Result<T> {
        let row = refused
            .row::<Row>()?
            .ok_or_else(|| Error::internal("a refused idempotency record came without its row"))?;
        self.answer(&row)
    }

    fn answer<T: DeserializeOwned>(&self, row: &Row) -> Result<T> {
        if row.body != self.body {
            return Err(Error::new(
                Kind::Invalid,
                "idempotency_mismatch",
                "This Idempotency-Key was used with another body. Use a new key for a new request.",
            ));
        }
        serde_json::from_str(&row.answer).map_err(Error::internal)
    }
}
