//! When goods arrive.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result, TimeZone, Timestamp};

use crate::day::Day;

const MAX_DAYS: u32 = 60;

/// How long a method takes, in working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliveryTime {
    /// Working days from the dispatch to the earliest delivery. 0: the day of the dispatch.
    pub min_days: u32,
    /// Working days from the dispatch to the latest delivery, at most 60.
    pub max_days: u32,
    /// An order before this time is dispatched on the same day, if that is a working day. None: the whole day counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<TimeOfDay>,
}

/// A time of the clock from `00:00` to `23:59`, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// The first and the last day of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct DeliveryEstimate {
    pub earliest: Day,
    pub latest: Day,
}

/// The working days of a zone: Monday to Friday without its holidays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkingDays<'a> {
    pub(crate) time_zone: TimeZone,
    pub(crate) holidays: &'a BTreeSet<Day>,
}

impl DeliveryTime {
    /// Checks input. 422 `delivery_days_out_of_range`.
    pub(crate) fn check(&self) -> Result<()> {
        match self.min_days <= self.max_days && self.max_days <= MAX_DAYS {
            true => Ok(()),
            false => {
                let message = format!("`minDays` must not be more than `maxDays`, which must be from 0 to {MAX_DAYS}");
                Err(Error::invalid("delivery", "delivery_days_out_of_range", message))
            }
        }
    }

    /// When an order of that time arrives.
    pub(crate) fn estimate(&self, at: Timestamp, working_days: WorkingDays<'_>) -> Result<DeliveryEstimate> {
        let dispatch = working_days.dispatch_day(at, self.cut_off)?;
        let after = |days: u32| (0..days).fold(dispatch, |day, _| working_days.first_from(day.following()));
        Ok(DeliveryEstimate { earliest: after(self.min_days), latest: after(self.max_days) })
    }
}

impl WorkingDays<'_> {
    /// The day on which an order of that time is dispatched.
    fn dispatch_day(&self, at: Timestamp, cut_off: Option<TimeOfDay>) -> Result<Day> {
        let today = Day::of(at, self.time_zone)?;
        let is_late = cut_off.is_some_and(|TimeOfDay(minutes)| at >= self.time_zone.time_on_day(at, minutes));
        Ok(self.first_from(if is_late { today.following() } else { today }))
    }

    /// This day, or the next working day. The holidays are a finite list, so there is one.
    fn first_from(&self, day: Day) -> Day {
        let mut day = day;
        while day.is_weekend() || self.holidays.contains(&day) {
            day = day.following();
        }
        day
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| {
            let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|_| is_number)
        };
        let parts = text.split_once(':').and_then(|(hours, minutes)| Some((number(hours)?, number(minutes)?)));
        match parts {
            Some((hours @ 0..=23, minutes @ 0..=59)) => Ok(Self(hours * 60 + minutes)),
            _ => Err("must be a time of day, such as 14:00".to_owned()),
        }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(TimeOfDay(minutes): TimeOfDay) -> Self {
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::day::tests::day;
    use proptest::prelude::*;
    use serde_json::json;

    pub(crate) fn delivery(min_days: u32, max_days: u32, cut_off: &str) -> DeliveryTime {
        DeliveryTime { min_days, max_days, cut_off: cut_off.parse().ok() }
    }

    /// The first and the last day of an order with 1 to 3 days and a cut-off of 14:00.
    fn estimate(at: &str, time_zone: &str, holidays: &[&str]) -> (String, String) {
        let holidays = holidays.iter().map(|date| day(date)).collect();
        let working_days = WorkingDays { time_zone: time_zone.parse().unwrap(), holidays: &holidays };
        let estimate = delivery(1, 3, "14:00").estimate(at.parse().unwrap(), working_days).unwrap();
        (estimate.earliest.to_string(), estimate.latest.to_string())
    }

    #[test]
    fn days_are_working_days_after_the_dispatch() {
        const BRUSSELS: &str = "Europe/Brussels";
        for (at, earliest, latest) in [
            // Wednesday, a minute before the cut-off and at it.
            ("2026-11-18T12:59:00Z", "2026-11-19", "2026-11-23"),
            ("2026-11-18T13:00:00Z", "2026-11-20", "2026-11-24"),
            // Friday after the cut-off, Saturday and Sunday are dispatched on Monday.
            ("2026-11-20T15:00:00Z", "2026-11-24", "2026-11-26"),
            ("2026-11-21T08:00:00Z", "2026-11-24", "2026-11-26"),
            ("2026-11-22T22:59:00Z", "2026-11-24", "2026-11-26"),
            // Monday, half an hour after midnight there.
            ("2026-11-22T23:30:00Z", "2026-11-24", "2026-11-26"),
        ] {
            assert_eq!(estimate(at, BRUSSELS, &[]), (earliest.to_owned(), latest.to_owned()), "{at}");
        }
    }

    #[test]
    fn holidays_and_the_end_of_the_year_are_left_out() {
        let holidays = ["2026-12-25", "2027-01-01"];
        for (at, earliest, latest) in [
            ("2026-12-24T10:00:00Z", "2026-12-28", "2026-12-30"),
            ("2026-12-25T10:00:00Z", "2026-12-29", "2026-12-31"),
            ("2026-12-30T15:00:00Z", "2027-01-04", "2027-01-06"),
        ] {
            assert_eq!(estimate(at, "UTC", &holidays), (earliest.to_owned(), latest.to_owned()), "{at}");
        }
    }

    #[test]
    fn cut_off_is_a_time_of_the_clock_also_when_clocks_are_changed() {
        // Friday, 2026-03-27: clocks are put forward at 02:00, so 14:00 is 11:00 in UTC.
        let friday = |at: &str| estimate(at, "Asia/Jerusalem", &[]).0;
        assert_eq!(friday("2026-03-27T10:59:00Z"), "2026-03-30");
        assert_eq!(friday("2026-03-27T11:00:00Z"), "2026-03-31");
        // Thursday, 2026-10-29: clocks are put back at midnight, so the day has another hour after 14:00, which is 11:00 in UTC.
        let thursday = |at: &str| estimate(at, "Africa/Cairo", &[]).0;
        assert_eq!(thursday("2026-10-29T10:59:00Z"), "2026-10-30");
        assert_eq!(thursday("2026-10-29T11:00:00Z"), "2026-11-02");
    }

    #[test]
    fn order_without_a_cut_off_is_dispatched_on_its_day() {
        let holidays = BTreeSet::new();
        let working_days = WorkingDays { time_zone: TimeZone::UTC, holidays: &holidays };
        let at = "2026-11-18T23:59:00Z".parse().unwrap();
        let estimate = delivery(0, 0, "none").estimate(at, working_days).unwrap();
        assert_eq!(estimate, DeliveryEstimate { earliest: day("2026-11-18"), latest: day("2026-11-18") });
    }

    #[test]
    fn days_are_in_order_and_bounded() {
        let code = |min, max| delivery(min, max, "").check().err().map(|error| error.fields[0].code);
        assert_eq!([code(0, 0), code(60, 60)], [None; 2]);
        assert_eq!([code(2, 1), code(1, 61)], [Some("delivery_days_out_of_range"); 2]);
    }

    #[test]
    fn time_of_day_has_two_digits_each() {
        for good in ["00:00", "09:05", "23:59"] {
            let time: TimeOfDay = serde_json::from_value(json!(good)).unwrap();
            assert_eq!(serde_json::to_value(time).unwrap(), json!(good));
        }
        for bad in ["", "9:05", "24:00", "12:60", "+1:00", "12", "12:00:00", "noon"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad:?} must be refused");
        }
    }

    proptest! {
        #[test]
        fn estimate_counts_working_days_only(
            at in 1_764_000_000_000i64..1_900_000_000_000,
            zone in prop::sample::select(vec!["UTC", "Europe/Brussels", "America/New_York", "Asia/Tokyo", "Pacific/Auckland"]),
            min in 0u32..10, more in 0u32..10, minutes in prop::option::of(0u16..1440),
            offsets in prop::collection::btree_set(0i64..30, 0..10),
        ) {
            let (at, time_zone): (Timestamp, TimeZone) = (Timestamp::from_millis(at), zone.parse().unwrap());
            let today = Day::of(at, time_zone).unwrap();
            let after = |days: i64| (0..days).fold(today, |day, _| day.following());
            let holidays: BTreeSet<Day> = offsets.into_iter().map(after).collect();
            let time = DeliveryTime { min_days: min, max_days: min + more, cut_off: minutes.map(TimeOfDay) };
            let estimate = time.estimate(at, WorkingDays { time_zone, holidays: &holidays }).unwrap();
            let is_working = |day: &Day| !day.is_weekend() && !holidays.contains(day);
            prop_assert!(today <= estimate.earliest && estimate.earliest <= estimate.latest);
            prop_assert!(is_working(&estimate.earliest) && is_working(&estimate.latest));
            let days = |from: Day, to: Day| {
                std::iter::successors(Some(from), |day| Some(day.following())).take_while(move |day| *day <= to)
            };
            prop_assert_eq!(days(estimate.earliest, estimate.latest).filter(is_working).count(), more as usize + 1);
            // From the first working day, which is today or later, to the earliest delivery; one more after the cut-off.
            let until_earliest = days(today, estimate.earliest).filter(is_working).count();
            let expected = min as usize + 1;
            prop_assert!((expected..=expected + usize::from(is_working(&today))).contains(&until_earliest));
        }
    }
}
