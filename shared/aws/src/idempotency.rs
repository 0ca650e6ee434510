//! Idempotency of requests: the answer is kept beside the effect, in the same transaction, and given again to a repetition.
//!
//! There is no "in progress" state here: of two requests with one key that run at once, one commits and the other is refused
//! by the record's condition, and answers with what the first one wrote.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Error, Kind, Result, Timestamp};

use crate::fault::mutant;
use crate::{ConditionFailure, Key, Table, Write, sha256_hex};

const KEPT_SECONDS: i64 = 24 * 3600;
/// For the look at the record after an error: what a call that used up its 8 seconds leaves of a function's 10.
const PATIENCE: Duration = Duration::from_millis(1500);

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
pub enum Idempotent<T> {
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
        let put = Write::put(table, self.key(), &row)?;
        if mutant("idempotency_ignored") {
            return Ok(put);
        }
        // DynamoDB's TTL deletes late, so an expired record counts as none.
        put.when("attribute_not_exists(pk) OR expiresAt < :now").value(":now", now.seconds())
    }

    /// The earlier answer, if this request was done before.
    pub async fn recall<T: DeserializeOwned>(&self, table: &Table, now: Timestamp) -> Result<Option<T>> {
        let row = table.get::<Row>(self.key()).await?.filter(|_| !mutant("idempotency_ignored"));
        row.filter(|row| row.expires_at >= now.seconds()).map(|row| self.answer(&row)).transpose()
    }

    /// The earlier answer in the place of an error, or the error. Whatever went wrong, the record knows whether this request was
    /// done before: a repetition is refused by what it did itself, and an outage may have swallowed the answer to a success.
    /// While the record cannot be read, nobody knows: that is told, and never the error, which may be this request's own doing.
    pub async fn or_earlier<T: DeserializeOwned>(&self, table: &Table, now: Timestamp, error: Error) -> Result<T> {
        match tokio::time::timeout(PATIENCE, self.recall(table, now)).await {
            Ok(Ok(Some(earlier))) => Ok(earlier),
            Ok(Ok(None)) => Err(error),
            Ok(Err(unknown)) => Err(unknown),
            Err(_) => Err(Error::unavailable("database", "the record of a keyed request was not read in time")),
        }
    }

    /// The earlier answer, from the record that refused [`Idempotency::keep`].
    pub fn recalled<T: DeserializeOwned>(&self, refused: &ConditionFailure) -> Result<T> {
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
        // By way of a value, as rows are read: T is compiled once.
        let answer: Value = serde_json::from_str(&row.answer).map_err(Error::internal)?;
        serde_json::from_value(answer).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::Credentials;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region, retry::RetryConfig};
    use serde_json::json;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn keyed(body: &str) -> Idempotency {
        Idempotency::new("ada", "POST /mugs", "key-1", &body).unwrap()
    }

    /// A table that gives that answer to one read, and then is gone; none: it is gone already.
    fn table(answer: Option<Value>) -> Table {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        if let Some(answer) = answer {
            std::thread::spawn(move || {
                let (mut caller, _) = listener.accept().unwrap();
                let _ = caller.read(&mut [0; 4096]).unwrap();
                let body = answer.to_string();
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close";
                write!(caller, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
            });
        }
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint);
        Table::new(aws_sdk_dynamodb::Client::from_conf(config.build()), "souk".to_owned())
    }

    fn record(body: &str, expires_at: i64) -> Option<Value> {
        let row = json!({ "body": { "S": keyed(body).body }, "answer": { "S": "\"a mug\"" }, "expiresAt": { "N": expires_at.to_string() } });
        Some(json!({ "Item": row }))
    }

    async fn told(table: Table) -> Result<String> {
        keyed("a mug").or_earlier(&table, now(), Error::conflict("cart_changed", "Try again.")).await
    }

    #[tokio::test]
    async fn what_was_done_before_is_answered_as_it_was_then() {
        assert_eq!(told(table(record("a mug", now().seconds() + 9))).await.unwrap(), "a mug");
    }

    #[tokio::test]
    async fn what_was_not_done_before_fails_as_it_failed() {
        assert_eq!(told(table(Some(json!({})))).await.unwrap_err().code, "cart_changed");
        assert_eq!(told(table(record("a mug", now().seconds() - 1))).await.unwrap_err().code, "cart_changed");
    }

    #[tokio::test]
    async fn a_key_of_another_body_is_told_whatever_failed() {
        let error = told(table(record("a bowl", now().seconds() + 9))).await.unwrap_err();
        assert_eq!(error.code, "idempotency_mismatch");
    }

    #[tokio::test]
    async fn while_the_record_cannot_be_read_nobody_knows_and_no_refusal_is_told() {
        let error = told(table(None)).await.unwrap_err();
        assert!(matches!(error.kind, Kind::Unavailable(_)), "{error:?}");
    }
}
