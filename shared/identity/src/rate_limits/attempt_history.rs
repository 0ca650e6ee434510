//! What the table knows before an attempt is counted: the account of its email address, its known network, and earlier counts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use values::{Timestamp, UserId, Window, WindowCounts};

use crate::rate_limits::sliding_window::AttemptCounts;

/// How long a network stays known after a login from it.
pub(crate) const KNOWN_SECONDS: i64 = 180 * 24 * 3600;
/// A network that stays known for at least this long is not written again.
const RENEW_SECONDS: i64 = KNOWN_SECONDS - 7 * 24 * 3600;
const MINUTES_PER_HOUR: i64 = 60;

/// One hour of one counter: `n` attempts, `m07` of them in its eighth minute.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CounterRow {
    pk: String,
    n: u32,
    #[serde(flatten)]
    minutes: BTreeMap<String, Value>,
}

impl CounterRow {
    fn minute(&self, index: i64) -> u32 {
        let count = self.minutes.get(&minute_attribute(index)).and_then(Value::as_u64);
        count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
    }

    /// The counts of the last two minutes and hours. The minute before the first of an hour is in the previous hour's row.
    pub(crate) fn counts(&self, previous: Option<&Self>, now: Timestamp) -> AttemptCounts {
        self.counts_at(previous, Window::MINUTE.index(now))
    }

    fn counts_at(&self, previous: Option<&Self>, minute: i64) -> AttemptCounts {
        let minute_before = match minute.rem_euclid(MINUTES_PER_HOUR) {
            0 => previous.map_or(0, |row| row.minute(minute - 1)),
            _ => self.minute(minute - 1),
        };
        AttemptCounts {
            minute: WindowCounts { current: self.minute(minute), previous: minute_before },
            hour: WindowCounts { current: self.n, previous: previous.map_or(0, |row| row.n) },
        }
    }
}

/// The attribute that counts a minute.
pub(crate) fn minute_attribute(index: i64) -> String {
    format!("m{:02}", index.rem_euclid(MINUTES_PER_HOUR))
}

#[derive(Debug, Default)]
pub(crate) struct AttemptHistory {
    /// The account of the email address.
    pub(crate) user: Option<UserId>,
    /// Until when the account knows the network, in seconds; none if it does not.
    pub(crate) known_until: Option<i64>,
    /// The counters' rows of the previous hour.
    pub(crate) previous: Vec<CounterRow>,
}

impl AttemptHistory {
    /// Whether the account was logged in from this network before.
    pub(crate) fn has_known_network(&self) -> bool {
        self.known_until.is_some()
    }

    /// The second of the login that made the network known, or kept it known.
    pub(crate) fn network_known_since(&self) -> Option<i64> {
        self.known_until.map(|until| until - KNOWN_SECONDS)
    }

    /// Whether a login has to store the network, because it is new or is forgotten soon.
    pub(crate) fn is_network_write_due(&self, now: Timestamp) -> bool {
        self.known_until.is_none_or(|until| until < now.seconds() + RENEW_SECONDS)
    }

    /// The counts of the last two minutes and hours of one counter.
    pub(crate) fn counts(&self, current: &CounterRow, now: Timestamp) -> AttemptCounts {
        let previous = self.previous.iter().find(|row| row.pk == current.pk);
        current.counts(previous, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hour(counts: Value) -> CounterRow {
        let mut hour = json!({ "pk": "ATTEMPTS#a", "sk": "0000500000", "expiresAt": 1, "n": 9 });
        hour.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
        serde_json::from_value(hour).unwrap()
    }

    #[test]
    fn minute_before_the_first_of_an_hour_is_in_the_previous_row() {
        let (previous, current) = (hour(json!({ "m59": 4, "m00": 8 })), hour(json!({ "m00": 2, "m01": 1 })));
        let at = |minute: i64| current.counts_at(Some(&previous), 500_000 * 60 + minute);
        assert_eq!((at(0).minute.current, at(0).minute.previous), (2, 4));
        assert_eq!((at(1).minute.current, at(1).minute.previous), (1, 2));
        assert_eq!((at(2).minute.current, at(2).minute.previous), (0, 1));
        assert_eq!((at(0).hour.current, at(0).hour.previous), (9, 9));
        let first = current.counts_at(None, 500_000 * 60);
        assert_eq!((first.minute.previous, first.hour.previous), (0, 0));
    }

    #[test]
    fn network_is_written_again_before_it_is_forgotten() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let history = |known_until| AttemptHistory { known_until, ..AttemptHistory::default() };
        let (day, seconds) = (24 * 3600, now.seconds());
        assert!(history(None).is_network_write_due(now) && !history(None).has_known_network());
        assert!(!history(Some(seconds + 179 * day)).is_network_write_due(now));
        assert_eq!(history(Some(seconds + 179 * day)).network_known_since(), Some(seconds - day));
        assert!(history(Some(seconds + 100 * day)).is_network_write_due(now));
    }
}
