//! Days of the calendar.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result, TimeZone, Timestamp};

const MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A day of the calendar, such as `2026-11-21`, of the years 0 to 9999. It is the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(i64);

impl Day {
    /// The day that it is in a time zone.
    pub(crate) fn of(at: Timestamp, time_zone: TimeZone) -> Result<Self> {
        time_zone.date_of(at).parse::<Self>().map_err(Error::internal)
    }

    /// The day after it.
    pub(crate) fn following(self) -> Self {
        Self(self.0 + 1)
    }

    /// Is it a Saturday or a Sunday?
    pub(crate) fn is_weekend(self) -> bool {
        // From 0, which is Sunday: 1970-01-01 was a Thursday.
        matches!((self.0 + 4).rem_euclid(7), 0 | 6)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = TimeZone::UTC.day(text).ok_or_else(|| "must be a date, such as 2026-11-21".to_owned())?;
        Ok(Self(day.start.millis().div_euclid(MILLIS)))
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Timestamp::from_millis(self.0 * MILLIS).day())
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    pub(crate) fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn day_is_read_and_written_as_a_date() {
        for date in ["1969-12-31", "1970-01-01", "2026-11-21", "2028-02-29", "9999-12-31"] {
            assert_eq!(serde_json::to_value(day(date)).unwrap(), json!(date));
            assert_eq!(serde_json::from_value::<Day>(json!(date)).unwrap(), day(date));
        }
        for bad in ["", "2026-02-30", "21.11.2026", "2026-11-21T10:00:00Z"] {
            assert!(serde_json::from_value::<Day>(json!(bad)).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn weekend_is_saturday_and_sunday() {
        let week = ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"];
        assert_eq!(week.map(|date| day(date).is_weekend()), [false, false, false, false, false, true, true]);
        assert!(day("1969-12-28").is_weekend(), "a Sunday before 1970");
    }

    #[test]
    fn day_is_that_of_the_time_zone() {
        let at: Timestamp = "2026-11-20T22:30:00Z".parse().unwrap();
        for (zone, date) in [("UTC", "2026-11-20"), ("Asia/Tokyo", "2026-11-21"), ("America/New_York", "2026-11-20")] {
            assert_eq!(Day::of(at, zone.parse().unwrap()).unwrap(), day(date), "{zone}");
        }
    }

    proptest! {
        #[test]
        fn following_day_is_the_next_date(days in -100_000i64..1_000_000) {
            let (today, tomorrow) = (Day(days), Day(days).following());
            prop_assert_eq!(day(&today.to_string()), today);
            prop_assert!(today < tomorrow && today.to_string() < tomorrow.to_string());
        }
    }
}
