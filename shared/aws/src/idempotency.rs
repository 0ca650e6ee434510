//! Idempotency of requests: the response is stored in the transaction of its effect, and sent again to a repetition.
//!
//! No row says "in progress". Of two requests with one key that run at once, one commits. The other one fails on the condition of
//! the stored response, and answers with the response of the first.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Error, Kind, Result, Timestamp};

use crate::fault::mutant;
use crate::{ConditionFailure, Key, Table, Write, sha256_hex};

const STORED_SECONDS: i64 = 24 * 3600;
/// For the read of the stored response after an error. A call that used up its 8 seconds leaves this much of a function's 10.
const READ_TIMEOUT: Duration = Duration::from_millis(1500);

/// One keyed request: a digest of caller, action and key, and a digest of its body.
#[derive(Debug, Clone)]
pub struct Idempotency {
    scope: String,
    body: String,
}

/// The row that holds the response of a keyed request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredResponse {
    body: String,
    answer: String,
    expires_at: i64,
}

impl StoredResponse {
    /// The row on which the condition of [`Idempotency::store`] failed.
    pub(crate) fn of(failure: &ConditionFailure) -> Result<Self> {
        failure.row()?.ok_or_else(|| Error::internal("a failed idempotency condition came without its row"))
    }
}

/// A response, and whether it was stored by an earlier request.
#[derive(Debug)]
pub enum Idempotent<T> {
    /// This request did the work.
    Fresh(T),
    /// An earlier request with the same key did the work; this is its response.
    Replayed(T),
}

impl<T> Idempotent<T> {
    /// The response, fresh or not.
    pub fn into_inner(self) -> T {
        match self {
            Self::Fresh(response) | Self::Replayed(response) => response,
        }
    }

    /// The same with another response.
    pub fn map<U>(self, shape: impl FnOnce(T) -> U) -> Idempotent<U> {
        match self {
            Self::Fresh(response) => Idempotent::Fresh(shape(response)),
            Self::Replayed(response) => Idempotent::Replayed(shape(response)),
        }
    }
}

impl Idempotency {
    /// `caller` is an account or what identifies a guest; `action` is the method and path.
    pub fn new(caller: &str, action: &str, key: &str, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self { scope: sha256_hex(format!("{caller}\n{action}\n{key}").as_bytes()), body: sha256_hex(&body) })
    }

    fn key(&self) -> Key {
        Key::new(format!("IDEMPOTENCY#{}", self.scope), "IDEMPOTENCY")
    }

    pub(crate) fn row(&self, answer: String, now: Timestamp) -> StoredResponse {
        StoredResponse { body: self.body.clone(), answer, expires_at: now.seconds() + STORED_SECONDS }
    }

    /// The write that stores a response (JSON) for 24 hours. Its condition fails when there is one already.
    pub(crate) fn store(&self, table: &Table, answer: String, now: Timestamp) -> Result<Write> {
        let put = Write::put(table, self.key(), &self.row(answer, now))?;
        if mutant("idempotency_ignored") {
            return Ok(put);
        }
        // DynamoDB's TTL deletes late, so an expired row counts as none.
        put.when("attribute_not_exists(pk) OR expiresAt < :now").value(":now", now.seconds())
    }

    /// The response of an earlier request with this key in the place of an error, or the error.
    ///
    /// A repetition may fail because of what the same request did before, and an outage may have lost the answer to a success. While
    /// the row cannot be read, no one knows: then the answer is 503, and never the error, which may be this request's own effect.
    pub(crate) async fn stored_response_or(
        &self,
        table: &Table,
        now: Timestamp,
        error: Error,
    ) -> Result<StoredResponse> {
        match tokio::time::timeout(READ_TIMEOUT, table.get::<StoredResponse>(self.key())).await {
            Ok(Ok(Some(stored))) if stored.expires_at >= now.seconds() && !mutant("idempotency_ignored") => Ok(stored),
            Ok(Ok(_)) => Err(error),
            Ok(Err(outage)) => Err(outage),
            Err(_) => {
                Err(Error::unavailable("database", "the stored response of a keyed request was not read in time"))
            }
        }
    }

    /// The response in a row; 422 `idempotency_mismatch` when it is the response to another body.
    pub(crate) fn response<T: DeserializeOwned>(&self, stored: &StoredResponse) -> Result<T> {
        if stored.body != self.body {
            let detail = "This Idempotency-Key was used with another body. Use a new key for a new request.";
            return Err(Error::new(Kind::Invalid, "idempotency_mismatch", detail));
        }
        // By way of a value, as rows are read: T is compiled once.
        let answer: Value = serde_json::from_str(&stored.answer).map_err(Error::internal)?;
        serde_json::from_value(answer).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted_table::scripted_table;
    use serde_json::json;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn keyed(body: &str) -> Idempotency {
        Idempotency::new("ada", "POST /mugs", "key-1", &body).unwrap()
    }

    /// A table that answers one read and then refuses connections. Without an answer it refuses them from the start.
    fn table(answer: Option<Value>) -> Table {
        scripted_table(answer.into_iter().map(|answer| (200, answer)).collect()).0
    }

    fn record(body: &str, expires_at: i64) -> Option<Value> {
        let row = json!({ "body": { "S": keyed(body).body }, "answer": { "S": "\"a mug\"" }, "expiresAt": { "N": expires_at.to_string() } });
        Some(json!({ "Item": row }))
    }

    async fn response_after_error(table: Table) -> Result<String> {
        let request = keyed("a mug");
        let stored = request.stored_response_or(&table, now(), Error::conflict("cart_changed", "Try again.")).await?;
        request.response(&stored)
    }

    #[tokio::test]
    async fn repetition_gets_stored_response() {
        assert_eq!(response_after_error(table(record("a mug", now().seconds() + 9))).await.unwrap(), "a mug");
    }

    #[tokio::test]
    async fn error_stays_without_stored_response() {
        assert_eq!(response_after_error(table(Some(json!({})))).await.unwrap_err().code, "cart_changed");
        assert_eq!(
            response_after_error(table(record("a mug", now().seconds() - 1))).await.unwrap_err().code,
            "cart_changed"
        );
    }

    #[tokio::test]
    async fn key_with_another_body_is_a_mismatch() {
        let error = response_after_error(table(record("a bowl", now().seconds() + 9))).await.unwrap_err();
        assert_eq!(error.code, "idempotency_mismatch");
    }

    #[tokio::test]
    async fn unreadable_row_is_an_outage_and_not_the_error() {
        let error = response_after_error(table(None)).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Unavailable(_)), "{error:?}");
    }
}
