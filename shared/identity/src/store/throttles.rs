//! The rows that brake: attempts counted by the hour, and the networks that an account was logged in to from.

use std::collections::BTreeMap;

use aws_kit::{Key, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Email, Error, Result, Timestamp, UserId};

use super::{Store, email_key};
use crate::throttle::{Counts, HOUR, MINUTE, Tally};
use crate::throttles::Comer;

/// A row of counts is read until the hour after it has ended.
const TALLY_KEPT_SECONDS: i64 = 3 * 3600;
/// How long a network is known after the last login from it.
const KNOWN_SECONDS: i64 = 180 * 24 * 3600;
/// One that is known for at least so long is not written again.
const KNOWN_LONG_ENOUGH_SECONDS: i64 = KNOWN_SECONDS - 7 * 24 * 3600;
const MINUTES: i64 = 60;

/// One hour of one counter: `n` attempts, of which `m07` in its eighth minute.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tallied {
    pk: String,
    n: u32,
    #[serde(flatten)]
    minutes: BTreeMap<String, Value>,
}

impl Tallied {
    fn minute(&self, index: i64) -> u32 {
        let count = self.minutes.get(&minute_name(index)).and_then(Value::as_u64);
        count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KnownRow {
    expires_at: i64,
}

/// What is known of somebody who tries, read in one round trip.
#[derive(Debug, Default)]
pub(crate) struct Noticed {
    /// Whose email it is.
    pub(crate) user: Option<UserId>,
    /// Until when the account knows the network, in seconds; none if it does not.
    pub(crate) known_until: Option<i64>,
    /// The counters' rows of the hour before.
    before: Vec<Tallied>,
}

impl Noticed {
    /// Was the account logged in to from there?
    pub(crate) fn familiar(&self) -> bool {
        self.known_until.is_some()
    }

    /// Is that to be written down again?
    pub(crate) fn fades(&self, now: Timestamp) -> bool {
        self.known_until.is_none_or(|until| until < now.seconds() + KNOWN_LONG_ENOUGH_SECONDS)
    }
}

/// Any of the rows that are read together.
#[derive(Deserialize)]
#[serde(untagged)]
enum NoticedRow {
    Tallied(Tallied),
    #[serde(rename_all = "camelCase")]
    Email {
        user_id: UserId,
    },
    #[serde(rename_all = "camelCase")]
    Known {
        expires_at: i64,
    },
}

fn tally_key(digest: &str, hour: i64) -> Key {
    Key::new(tally_partition(digest), format!("{hour:010}"))
}

fn tally_partition(digest: &str) -> String {
    format!("THROTTLE#{digest}")
}

fn known_key(comer: &Comer) -> Key {
    Key::new(format!("KNOWN#{}", comer.account), comer.home.clone())
}

fn minute_name(index: i64) -> String {
    format!("m{:02}", index.rem_euclid(MINUTES))
}

impl Store {
    /// What there is to know of somebody who tries, in one round trip.
    pub(crate) async fn notice(&self, comer: &Comer, email: Option<&Email>, now: Timestamp) -> Result<Noticed> {
        let hour = HOUR.index(now) - 1;
        let mut keys: Vec<_> = comer.counters().map(|counter| tally_key(&counter.digest, hour)).into();
        keys.push(known_key(comer));
        keys.extend(email.map(email_key));
        let mut noticed = Noticed::default();
        for row in self.table.batch_get::<NoticedRow>(&keys).await? {
            match row {
                NoticedRow::Tallied(row) => noticed.before.push(row),
                NoticedRow::Email { user_id } => noticed.user = Some(user_id),
                NoticedRow::Known { expires_at } if expires_at > now.seconds() => {
                    noticed.known_until = Some(expires_at)
                }
                NoticedRow::Known { .. } => {}
            }
        }
        Ok(noticed)
    }

    /// Counts one attempt: the row of its hour, after that.
    pub(crate) async fn count(&self, digest: &str, now: Timestamp) -> Result<Tallied> {
        let key = tally_key(digest, HOUR.index(now));
        let add = Write::update(&self.table, key, "ADD n :one, #minute :one SET expiresAt = :end");
        let add = add.name("#minute", &minute_name(MINUTE.index(now))).value(":one", 1)?;
        let counted = add.value(":end", now.seconds() + TALLY_KEPT_SECONDS)?.run_reading::<Tallied>().await?;
        counted.map_err(|_| Error::internal("an unconditional update was refused"))
    }

    /// Counts one attempt that one counter alone brakes: what it has counted in the last two minutes and hours.
    pub(crate) async fn count_alone(&self, digest: &str, now: Timestamp) -> Result<Tally> {
        let before = self.table.get::<Tallied>(tally_key(digest, HOUR.index(now) - 1));
        let (before, present) = tokio::try_join!(before, self.count(digest, now))?;
        Ok(tally(&present, before.as_ref(), MINUTE.index(now)))
    }

    /// Remembers that the account was logged in to from there.
    pub(crate) fn remember(&self, comer: &Comer, now: Timestamp) -> Result<Write> {
        let row = KnownRow { expires_at: now.seconds() + KNOWN_SECONDS };
        Write::put(&self.table, known_key(comer), &row)
    }
}

impl Noticed {
    /// What was counted in the last two minutes and hours.
    pub(crate) fn tally(&self, present: &Tallied, now: Timestamp) -> Tally {
        let before = self.before.iter().find(|row| row.pk == present.pk);
        tally(present, before, MINUTE.index(now))
    }
}

/// The first minute of an hour has its predecessor in the row before.
fn tally(present: &Tallied, before: Option<&Tallied>, minute: i64) -> Tally {
    let last = match minute.rem_euclid(MINUTES) {
        0 => before.map_or(0, |row| row.minute(minute - 1)),
        _ => present.minute(minute - 1),
    };
    Tally {
        minute: Counts { now: present.minute(minute), before: last },
        hour: Counts { now: present.n, before: before.map_or(0, |row| row.n) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::Clock;

    fn row(row: Value) -> NoticedRow {
        serde_json::from_value(row).unwrap()
    }

    fn hour(counts: Value) -> Tallied {
        let mut hour = json!({ "pk": "THROTTLE#a", "sk": "0000500000", "expiresAt": 1, "n": 9 });
        hour.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
        serde_json::from_value(hour).unwrap()
    }

    #[test]
    fn rows_that_are_read_together_are_told_apart() {
        let user: UserId = Clock::System.mint();
        let email = json!({ "pk": "EMAIL#a", "sk": "EMAIL", "userId": user, "mark": "0" });
        assert!(matches!(row(email), NoticedRow::Email { user_id } if user_id == user));
        let known = json!({ "pk": "KNOWN#a", "sk": "b", "expiresAt": 1_800_000_000 });
        assert!(matches!(row(known), NoticedRow::Known { expires_at: 1_800_000_000 }));
        let counted = json!({ "pk": "THROTTLE#a", "sk": "0000500000", "expiresAt": 1, "n": 7, "m59": 3 });
        assert!(matches!(row(counted), NoticedRow::Tallied(row) if row.n == 7 && row.minute(59) == 3));
    }

    #[test]
    fn the_minute_before_the_first_of_an_hour_is_in_the_row_before() {
        let (before, present) = (hour(json!({ "m59": 4, "m00": 8 })), hour(json!({ "m00": 2, "m01": 1 })));
        let at = |minute: i64| tally(&present, Some(&before), 500_000 * 60 + minute);
        assert_eq!((at(0).minute.now, at(0).minute.before), (2, 4));
        assert_eq!((at(1).minute.now, at(1).minute.before), (1, 2));
        assert_eq!((at(2).minute.now, at(2).minute.before), (0, 1));
        assert_eq!((at(0).hour.now, at(0).hour.before), (9, 9));
        let first = tally(&present, None, 500_000 * 60);
        assert_eq!((first.minute.before, first.hour.before), (0, 0));
    }

    #[test]
    fn a_network_is_written_down_again_before_it_is_forgotten() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let noticed = |known_until| Noticed { known_until, ..Noticed::default() };
        let (day, seconds) = (24 * 3600, now.seconds());
        assert!(noticed(None).fades(now) && !noticed(None).familiar());
        assert!(!noticed(Some(seconds + 179 * day)).fades(now));
        assert!(noticed(Some(seconds + 100 * day)).fades(now));
    }
}
