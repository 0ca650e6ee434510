//! Time zones: when a day begins in a place.
//!
//! The rules are data: `data/time_zones.tsv`, which `data/time_zones.py` makes of the IANA time zone database. A crate with the whole
//! database would add half a megabyte to a function that only asks when a day begins: docs/adr/0024.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::{Error, Result, Timestamp};

const TABLE: &str = include_str!("../data/time_zones.tsv");
const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A time zone of the IANA database, such as `Europe/Brussels`, with its rules from 2025 on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TimeZone {
    name: &'static str,
    /// The offset from UTC in minutes.
    offset: i32,
    /// The other offset of the year.
    summer: Option<Summer>,
    /// Changes without a rule, before the rules hold.
    changes: &'static str,
}

/// The part of the year with another offset. It is winter in Dublin, where summer is the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Summer {
    offset: i32,
    begin: Rule,
    end: Rule,
}

/// When an offset changes each year: on a weekday of a week of a month, at so many minutes of the clock before the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    month: i64,
    /// From 1; 5 is the last.
    week: i64,
    /// From 0, which is Sunday.
    weekday: i64,
    minutes: i64,
}

impl TimeZone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self { name: "UTC", offset: 0, summer: None, changes: "" };

    /// The name in the IANA database.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A day, such as `2026-11-21`: from its beginning until the next day begins. It has 23 or 25 hours when clocks are changed. None if
    /// the text is not a date.
    pub fn day(&self, date: &str) -> Option<Range<Timestamp>> {
        let midnight = format!("{date}T00:00:00Z").parse::<Timestamp>().ok()?.millis();
        Some(self.first_at(midnight)..self.first_at(midnight + DAY))
    }

    /// The day of a time, such as `2026-11-21`.
    pub fn date_of(&self, at: Timestamp) -> String {
        Timestamp::from_millis(at.millis() + self.offset_at(at.millis())).day()
    }

    /// The day `days` later, or earlier if they are negative, than the day of a time. It begins at the time that is returned.
    pub fn begin_of_day(&self, at: Timestamp, days: i64) -> Timestamp {
        let local = at.millis() + self.offset_at(at.millis());
        self.first_at((local.div_euclid(DAY) + days) * DAY)
    }

    /// The first time at which a clock shows `local` (in milliseconds, as if it was UTC) or, when that is left out, a later time.
    fn first_at(&self, local: i64) -> Timestamp {
        // No zone changes its clocks twice within two days.
        let (before, after) = (self.offset_at(local - DAY), self.offset_at(local + DAY));
        let found = [before, after].into_iter().find(|offset| self.offset_at(local - offset) == *offset);
        let at = found.map_or_else(
            || self.change_between(local - before.max(after), local - before.min(after)),
            |offset| local - offset,
        );
        Timestamp::from_millis(at)
    }

    /// The time of the change of offset that is after `low` and not after `high`.
    fn change_between(&self, mut low: i64, mut high: i64) -> i64 {
        let before = self.offset_at(low);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.offset_at(middle) == before { low = middle } else { high = middle }
        }
        high
    }

    /// The offset from UTC at a time, both in milliseconds.
    fn offset_at(&self, at: i64) -> i64 {
        let changes = self.changes.split(',').filter_map(|change| change.split_once('='));
        let changes: Vec<(i64, i64)> =
            changes.filter_map(|(at, offset)| Some((at.parse().ok()?, offset.parse().ok()?))).collect();
        let (is_ended, last) = match changes.last() {
            Some((end, _)) => (at >= end * MINUTE, changes.iter().rev().find(|(begin, _)| at >= begin * MINUTE)),
            None => (true, None),
        };
        match last {
            Some((_, offset)) if !is_ended || self.summer.is_none() => offset * MINUTE,
            _ => self.offset_by_rule(at),
        }
    }

    fn offset_by_rule(&self, at: i64) -> i64 {
        let standard = i64::from(self.offset) * MINUTE;
        let Some(summer) = self.summer else { return standard };
        let other = i64::from(summer.offset) * MINUTE;
        let year = year_of(at + standard);
        let (begin, end) = (summer.begin.in_year(year) - standard, summer.end.in_year(year) - other);
        let is_summer = if begin < end { (begin..end).contains(&at) } else { !(end..begin).contains(&at) };
        if is_summer { other } else { standard }
    }

    /// Parses a row of the table for one of its zones.
    fn of_row(row: &'static str, name: &str) -> Option<Self> {
        let mut columns = row.split('\t');
        let offset = columns.next()?.parse().ok()?;
        let summer = columns.next().and_then(Summer::parse);
        let changes = columns.next()?;
        let name = columns.next()?.split(' ').find(|zone| *zone == name)?;
        Some(Self { name, offset, summer, changes })
    }
}

impl Summer {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let offset = parts.next()?.parse().ok()?;
        Some(Self { offset, begin: Rule::parse(parts.next()?)?, end: Rule::parse(parts.next()?)? })
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let (date, minutes) = text.split_once('/')?;
        let mut numbers = date.split('.').map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(Self { month: next()?, week: next()?, weekday: next()?, minutes: minutes.parse().ok()? })
    }

    /// The time of the change in a year, in milliseconds as the clock shows it before.
    fn in_year(&self, year: i64) -> i64 {
        let first = days_to(year, self.month);
        let length = if self.month == 12 { 31 } else { days_to(year, self.month + 1) - first };
        // 1970-01-01 was a Thursday.
        let first_weekday = (first + 4).rem_euclid(7);
        let mut day = (self.weekday - first_weekday).rem_euclid(7) + 7 * (self.week - 1);
        while day >= length {
            day -= 7;
        }
        (first + day) * DAY + self.minutes * MINUTE
    }
}

/// The year of a time in milliseconds.
fn year_of(at: i64) -> i64 {
    let days = at.div_euclid(DAY);
    // The mean length of a year is exact within 400 years; around New Year it can be one too early or too late.
    let near = 1970 + (days * 400).div_euclid(146_097);
    [near + 1, near, near - 1].into_iter().find(|year| days >= days_to(*year, 1)).unwrap_or(near)
}

/// The days from 1970-01-01 to the first day of a month.
fn days_to(year: i64, month: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 - 719_468
}

impl FromStr for TimeZone {
    type Err = Error;

    /// Fails with `time_zone_unknown` unless the IANA database has the name.
    fn from_str(name: &str) -> Result<Self> {
        let mut rows = TABLE.lines().filter(|row| !row.starts_with('#'));
        rows.find_map(|row| Self::of_row(row, name)).ok_or_else(|| {
            Error::invalid(
                "timeZone",
                "time_zone_unknown",
                "must be a name of the IANA time zone database, such as Europe/Brussels",
            )
        })
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    fn day(name: &str, date: &str) -> (String, i64) {
        let day = zone(name).day(date).unwrap();
        (day.start.to_string().replace(":00.000Z", "Z"), (day.end.millis() - day.start.millis()) / MINUTE)
    }

    #[test]
    fn day_begins_at_midnight_of_the_zone() {
        for (name, date, begin, minutes) in [
            ("UTC", "2026-11-21", "2026-11-21T00:00Z", 24 * 60),
            ("Europe/Brussels", "2026-11-21", "2026-11-20T23:00Z", 24 * 60),
            ("Europe/Brussels", "2026-07-01", "2026-06-30T22:00Z", 24 * 60),
            ("Europe/Brussels", "2026-03-29", "2026-03-28T23:00Z", 23 * 60),
            ("Europe/Brussels", "2026-10-25", "2026-10-24T22:00Z", 25 * 60),
            ("America/New_York", "2026-03-08", "2026-03-08T05:00Z", 23 * 60),
            ("America/New_York", "2026-11-01", "2026-11-01T04:00Z", 25 * 60),
            ("Europe/Dublin", "2026-10-25", "2026-10-24T23:00Z", 25 * 60),
            ("Europe/Dublin", "2026-12-01", "2026-12-01T00:00Z", 24 * 60),
            ("Pacific/Auckland", "2026-09-27", "2026-09-26T12:00Z", 23 * 60),
            ("Pacific/Auckland", "2026-12-31", "2026-12-30T11:00Z", 24 * 60),
            ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30Z", 23 * 60 + 30),
            ("Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15Z", 24 * 60),
            ("Asia/Kolkata", "2028-02-29", "2028-02-28T18:30Z", 24 * 60),
            // Midnight is left out, or comes twice.
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00Z", 23 * 60),
            ("America/Havana", "2026-03-08", "2026-03-08T05:00Z", 23 * 60),
            // Cuba keeps its summer time once, and has it by its rule afterwards.
            ("America/Havana", "2026-11-01", "2026-11-01T04:00Z", 24 * 60),
            ("America/Havana", "2027-03-14", "2027-03-14T04:00Z", 24 * 60),
            ("America/Havana", "2027-11-07", "2027-11-07T04:00Z", 25 * 60),
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00Z", 23 * 60),
            ("Africa/Cairo", "2026-10-29", "2026-10-28T21:00Z", 25 * 60),
        ] {
            assert_eq!(day(name, date), (begin.to_owned(), minutes), "{date} in {name}");
        }
        for bad in ["", "2026-02-30", "2026-13-01", "21.11.2026", "2026-11-21T10:00:00Z"] {
            assert!(TimeZone::UTC.day(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn zones_without_a_rule_have_the_changes_of_their_lists() {
        let (gaza, short) = (zone("Asia/Gaza"), 29_073_600 * MINUTE);
        assert_eq!((gaza.offset_at(short - 1), gaza.offset_at(short)), (120 * MINUTE, 180 * MINUTE));
    }

    #[test]
    fn every_row_is_parsed() {
        for row in TABLE.lines().filter(|row| !row.starts_with('#')) {
            let (columns, names) = row.rsplit_once('\t').unwrap();
            for name in names.split(' ') {
                let zone = zone(name);
                assert_eq!(
                    (zone.name(), zone.summer.is_some()),
                    (name, columns.split('\t').nth(1) != Some("")),
                    "{row}"
                );
                assert!((-12 * 60..=14 * 60).contains(&zone.offset), "{row}");
            }
        }
        for bad in ["", "Europe", "europe/brussels", "Mars/Olympus", "#", "0"] {
            assert!(bad.parse::<TimeZone>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn days_are_counted_in_the_zone() {
        let new_york = zone("America/New_York");
        let at: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        assert_eq!(new_york.date_of(at), "2026-11-20");
        assert_eq!(new_york.begin_of_day(at, 0), new_york.day("2026-11-20").unwrap().start);
        assert_eq!(new_york.begin_of_day(at, -30), new_york.day("2026-10-21").unwrap().start);
    }

    fn any_zone() -> impl Strategy<Value = TimeZone> {
        let names: Vec<&str> = TABLE
            .lines()
            .filter(|row| !row.starts_with('#'))
            .filter_map(|row| row.rsplit('\t').next()?.split(' ').next())
            .collect();
        prop::sample::select(names).prop_map(zone)
    }

    proptest! {
        #[test]
        fn days_cover_all_time_without_gaps(zone in any_zone(), at in 1_740_000_000_000i64..4_000_000_000_000) {
            let at = Timestamp::from_millis(at);
            let (begin, end) = (zone.begin_of_day(at, 0), zone.begin_of_day(at, 1));
            prop_assert!(begin <= at, "{zone:?}: {begin} {at}");
            // An hour that comes twice around midnight belongs to the later day.
            prop_assert!(at < end || zone.date_of(at) == zone.date_of(begin), "{zone:?}: {at} {end}");
            let hours = (end.millis() - begin.millis()) / (60 * MINUTE);
            prop_assert!((22..=26).contains(&hours), "{zone:?}: {hours}");
            prop_assert_eq!(zone.begin_of_day(end, 0), end);
            let day = zone.day(&zone.date_of(begin)).unwrap();
            prop_assert_eq!((day.start, day.end), (begin, end));
        }

        #[test]
        fn year_and_days_fit(days in -100_000i64..1_000_000) {
            let year = year_of(days * DAY);
            prop_assert!(days_to(year, 1) <= days && days < days_to(year + 1, 1));
            let march = format!("{year:04}-03-01");
            prop_assert!(!(0..=9999).contains(&year) || Timestamp::from_millis(days_to(year, 3) * DAY).day() == march);
        }
    }
}
