//! The rows of rate limits: attempts counted by the hour, and the networks that an account was logged in from.

use aws_kit::{Key, Write};
use serde::{Deserialize, Serialize};
use values::{Email, Error, Result, Timestamp, UserId, Window};

use crate::rate_limits::attempt_history::{AttemptHistory, CounterRow, KNOWN_SECONDS, minute_attribute};
use crate::rate_limits::attempt_key::AttemptKey;
use crate::rate_limits::sliding_window::AttemptCounts;
use crate::store::{Store, email_key};

/// The TTL of an hour's counts: they are read until the next hour has ended.
const COUNTER_KEPT_SECONDS: i64 = 3 * 3600;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KnownNetworkRow {
    expires_at: i64,
}

/// Any of the rows that are read by one batch.
#[derive(Deserialize)]
#[serde(untagged)]
enum HistoryRow {
    Counter(CounterRow),
    #[serde(rename_all = "camelCase")]
    Email {
        user_id: UserId,
    },
    #[serde(rename_all = "camelCase")]
    KnownNetwork {
        expires_at: i64,
    },
}

fn counter_key(digest: &str, hour: i64) -> Key {
    Key::new(format!("ATTEMPTS#{digest}"), format!("{hour:010}"))
}

fn known_network_key(key: &AttemptKey) -> Key {
    Key::new(format!("KNOWN#{}", key.account), key.known_network.clone())
}

impl Store {
    /// What the table knows before an attempt is counted. 1 batch read.
    pub(crate) async fn attempt_history(
        &self,
        key: &AttemptKey,
        email: Option<&Email>,
        now: Timestamp,
    ) -> Result<AttemptHistory> {
        let hour = Window::HOUR.index(now) - 1;
        let mut keys: Vec<_> = key.counters().map(|counter| counter_key(&counter.digest, hour)).into();
        keys.push(known_network_key(key));
        keys.extend(email.map(email_key));
        let mut history = AttemptHistory::default();
        for row in self.table.batch_get::<HistoryRow>(&keys).await? {
            match row {
                HistoryRow::Counter(row) => history.previous.push(row),
                HistoryRow::Email { user_id } => history.user = Some(user_id),
                HistoryRow::KnownNetwork { expires_at } if expires_at > now.seconds() => {
                    history.known_until = Some(expires_at);
                }
                HistoryRow::KnownNetwork { .. } => {}
            }
        }
        Ok(history)
    }

    /// Counts one attempt and returns the row of its hour after that. 1 write.
    pub(crate) async fn count(&self, digest: &str, now: Timestamp) -> Result<CounterRow> {
        let key = counter_key(digest, Window::HOUR.index(now));
        let add = Write::update(&self.table, key, "ADD n :one, #minute :one SET expiresAt = :end");
        let add = add.name("#minute", &minute_attribute(Window::MINUTE.index(now))).value(":one", 1)?;
        let counted = add.value(":end", now.seconds() + COUNTER_KEPT_SECONDS)?.run_reading::<CounterRow>().await?;
        counted.map_err(|_| Error::internal("an unconditional update was refused"))
    }

    /// Counts one attempt for one counter, and returns the counts of the last two minutes and hours. 1 read and 1 write side by side.
    pub(crate) async fn count_alone(&self, digest: &str, now: Timestamp) -> Result<AttemptCounts> {
        let previous = self.table.get::<CounterRow>(counter_key(digest, Window::HOUR.index(now) - 1));
        let (previous, current) = tokio::try_join!(previous, self.count(digest, now))?;
        Ok(current.counts(previous.as_ref(), now))
    }

    /// Stores that the account was logged in from the network.
    pub(crate) fn remember_network(&self, key: &AttemptKey, now: Timestamp) -> Result<Write> {
        let row = KnownNetworkRow { expires_at: now.seconds() + KNOWN_SECONDS };
        Write::put(&self.table, known_network_key(key), &row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use values::Clock;

    fn row(row: Value) -> HistoryRow {
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn rows_of_one_batch_are_distinguished() {
        let user: UserId = Clock::System.mint();
        let email = json!({ "pk": "EMAIL#a", "sk": "EMAIL", "userId": user, "mark": "0" });
        assert!(matches!(row(email), HistoryRow::Email { user_id } if user_id == user));
        let known = json!({ "pk": "KNOWN#a", "sk": "b", "expiresAt": 1_800_000_000 });
        assert!(matches!(row(known), HistoryRow::KnownNetwork { expires_at: 1_800_000_000 }));
        let counted = json!({ "pk": "ATTEMPTS#a", "sk": "0000500000", "expiresAt": 1, "n": 7, "m59": 3 });
        let HistoryRow::Counter(counter) = row(counted) else { panic!("not a counter") };
        let counts = counter.counts(None, Timestamp::from_millis(59 * 60_000));
        assert_eq!((counts.hour.current, counts.minute.current), (7, 3));
    }
}
