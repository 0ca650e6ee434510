//! A search of an admin among all orders: by number, by email address, or by the time when they were placed. Pure.

use std::ops::Range;

use values::{Email, Error, Result, TimeZone, Timestamp};

use crate::number;
use crate::status::Status;

const DAY_MILLIS: i64 = 24 * 3600 * 1000;
/// Days of a search without times, today included.
const DEFAULT_DAYS: i64 = 30;
/// The most days of one search.
const MAX_DAYS: i64 = 92;
/// How much longer days can be when clocks are changed.
const CLOCK_CHANGE_MILLIS: i64 = 3600 * 1000;

/// The filters of a search, as they were sent.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<Status>,
    /// Placed at this time or later. A date is the beginning of that day in the shop's time zone.
    pub from: Option<String>,
    /// Placed before this time. A date is the end of that day.
    pub to: Option<String>,
    /// An order number in any spelling.
    pub number: Option<String>,
    /// The email address of an account or a guest.
    pub email: Option<Email>,
}

/// A search whose filters were checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Search {
    Number(String),
    /// Orders of the account and the guests with that email address.
    Email(Email),
    /// Orders that were placed in that period, with that status if there is one.
    Period {
        period: Period,
        status: Option<Status>,
    },
}

/// A half-open period: a time `t` is in it if `from <= t < to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Filter {
    /// The name of the first filter that is set, if any is.
    pub fn first_filter(&self) -> Option<&'static str> {
        let set = [
            ("number", self.number.is_some()),
            ("email", self.email.is_some()),
            ("status", self.status.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
        ];
        set.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| name)
    }

    /// Checks the filters; 422 for filters that cannot be combined, and for times that are invalid or span too many
    /// days. `zone` is the shop's time zone.
    pub(crate) fn into_search(self, zone: TimeZone, now: Timestamp) -> Result<Search> {
        match self {
            Self { number: Some(number), email: None, status: None, from: None, to: None } => {
                Ok(Search::Number(number::parse(&number)?))
            }
            Self { email: Some(email), number: None, status: None, from: None, to: None } => Ok(Search::Email(email)),
            Self { number: None, email: None, status, from, to } => {
                Ok(Search::Period { period: Period::parse(from.as_deref(), to.as_deref(), zone, now)?, status })
            }
            Self { number, .. } => {
                let field = if number.is_some() { "number" } else { "email" };
                Err(Error::invalid(
                    field,
                    "one_of",
                    "send only `number`, only `email`, or any of `status`, `from` and `to`",
                ))
            }
        }
    }
}

impl Period {
    fn parse(from: Option<&str>, to: Option<&str>, zone: TimeZone, now: Timestamp) -> Result<Self> {
        // No order was placed after today, so later days are not read.
        let tomorrow = zone.begin_of_day(now, 1);
        let sent_to = to.map(|to| parse_time("to", to, zone)).transpose()?;
        let sent_from = from.map(|from| parse_time("from", from, zone)).transpose()?;
        let to = sent_to.as_ref().map_or(tomorrow, |to| to.end.min(tomorrow));
        let last = Timestamp::from_millis(to.millis() - 1);
        let default_from = || zone.begin_of_day(last, 1 - DEFAULT_DAYS);
        let from = sent_from.map_or_else(default_from, |from| from.start);
        // A day ends when the next one begins, so the ends alone do not show that two neighbouring days are reversed.
        if sent_to.is_some_and(|to| from > to.start && from >= to.end) {
            return Err(Error::invalid("from", "range_reversed", "must not be after `to`"));
        }
        if to.millis() - from.millis() > MAX_DAYS * DAY_MILLIS + CLOCK_CHANGE_MILLIS {
            let message = format!("the search spans more than {MAX_DAYS} days; split it into shorter ones");
            return Err(Error::invalid("from", "range_too_long", message));
        }
        Ok(Self { from, to })
    }

    pub(crate) fn contains(self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }

    /// The days in UTC that the period touches, such as `2026-11-21`, newest first, from `begin` on if it is given. The index is
    /// partitioned by them.
    pub(crate) fn days_newest_first(self, begin: Option<&str>) -> Result<Vec<String>> {
        let last = day_of(Timestamp::from_millis(self.to.millis() - 1));
        let begin = match begin {
            Some(day) => parse_day(day)
                .ok_or_else(|| Error::internal(format!("the cursor has the invalid day {day:?}")))?
                .min(last),
            None => last,
        };
        Ok((day_of(self.from)..=begin).rev().map(|day| Timestamp::from_millis(day * DAY_MILLIS).day()).collect())
    }
}

/// Days from 1970-01-01 to the day (in UTC) of a time.
fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}

fn parse_day(text: &str) -> Option<i64> {
    TimeZone::UTC.day(text).map(|day| day_of(day.start))
}

/// A time in the format of RFC 3339, which begins and ends at once, or a day in the shop's time zone; 422 `date_invalid`.
fn parse_time(field: &str, text: &str, zone: TimeZone) -> Result<Range<Timestamp>> {
    // A query string has a space for a plus sign that was not escaped.
    let (time, offset) = text.split_at_checked(text.len().saturating_sub(6)).unwrap_or((text, ""));
    let escaped = offset.strip_prefix(' ').map(|offset| format!("{time}+{offset}"));
    let at = escaped.as_deref().unwrap_or(text).parse::<Timestamp>();
    at.ok().map(|at| at..at).or_else(|| zone.day(text)).ok_or_else(|| {
        let message =
            "must be a time in the format of RFC 3339, such as 2026-11-21T08:00:00Z, or a date such as 2026-11-21";
        Error::invalid(field, "date_invalid", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    fn period_in(zone: TimeZone, from: Option<&str>, to: Option<&str>) -> (String, String) {
        let Period { from, to } = Period::parse(from, to, zone, now()).unwrap();
        (from.to_string().replace(":00.000Z", "Z"), to.to_string().replace(":00.000Z", "Z"))
    }

    fn days(from: Option<&str>, to: Option<&str>) -> Result<Vec<String>> {
        Period::parse(from, to, TimeZone::UTC, now())?.days_newest_first(None)
    }

    fn error_code(from: Option<&str>, to: Option<&str>) -> &'static str {
        days(from, to).unwrap_err().fields[0].code
    }

    #[test]
    fn search_without_times_covers_thirty_days() {
        let days = days(None, None).unwrap();
        assert_eq!((days.len(), days[0].as_str(), days[29].as_str()), (30, "2026-11-21", "2026-10-23"));
        let to_march = Period::parse(None, Some("2026-03-01"), TimeZone::UTC, now()).unwrap();
        assert_eq!(to_march.days_newest_first(None).unwrap().len(), 30);
    }

    #[test]
    fn date_is_a_whole_day_of_the_shop() {
        for (name, from, to, expected) in [
            ("UTC", "2026-11-01", "2026-11-20", ("2026-11-01T00:00Z", "2026-11-21T00:00Z")),
            ("Europe/Brussels", "2026-11-01", "2026-11-20", ("2026-10-31T23:00Z", "2026-11-20T23:00Z")),
            // Days of 23 and 25 hours.
            ("Europe/Brussels", "2026-03-29", "2026-03-29", ("2026-03-28T23:00Z", "2026-03-29T22:00Z")),
            ("Europe/Brussels", "2026-10-25", "2026-10-25", ("2026-10-24T22:00Z", "2026-10-25T23:00Z")),
            ("America/New_York", "2026-11-01", "2026-11-02", ("2026-11-01T04:00Z", "2026-11-03T05:00Z")),
            ("Asia/Kathmandu", "2026-11-20", "2026-11-20", ("2026-11-19T18:15Z", "2026-11-20T18:15Z")),
        ] {
            let (begin, end) = period_in(zone(name), Some(from), Some(to));
            assert_eq!((begin.as_str(), end.as_str()), expected, "{name} {from}");
        }
    }

    #[test]
    fn time_is_that_instant_in_every_zone() {
        for (from, to) in [
            ("2026-11-18T16:13:00Z", "2026-11-18T17:00:00Z"),
            ("2026-11-18T17:13:00+01:00", "2026-11-18T22:45:00+05:45"),
            ("2026-11-18T17:13:00 01:00", "2026-11-18T12:00:00-05:00"),
        ] {
            for name in ["UTC", "Pacific/Auckland", "America/New_York"] {
                let expected = ("2026-11-18T16:13Z".to_owned(), "2026-11-18T17:00Z".to_owned());
                assert_eq!(period_in(zone(name), Some(from), Some(to)), expected, "{from} in {name}");
            }
        }
        let period =
            Period::parse(Some("2026-11-18T16:13:00Z"), Some("2026-11-18T17:00:00Z"), TimeZone::UTC, now()).unwrap();
        for (at, is_in) in [
            ("2026-11-18T00:00:00Z", false),
            ("2026-11-18T16:12:59.999Z", false),
            ("2026-11-18T16:13:00Z", true),
            ("2026-11-18T16:59:59.999Z", true),
            ("2026-11-18T17:00:00Z", false),
        ] {
            assert_eq!(period.contains(at.parse().unwrap()), is_in, "{at}");
        }
    }

    #[test]
    fn index_is_read_by_the_days_in_utc_that_the_period_touches() {
        let days = |from: &str, to: &str, name: &str| {
            Period::parse(Some(from), Some(to), zone(name), now()).unwrap().days_newest_first(None).unwrap()
        };
        assert_eq!(days("2026-02-27", "2026-03-01", "UTC"), ["2026-03-01", "2026-02-28", "2026-02-27"]);
        assert_eq!(days("2026-02-27T23:59:00Z", "2026-03-01T00:00:00Z", "UTC"), ["2026-02-28", "2026-02-27"]);
        assert_eq!(
            days("2026-02-27T23:59:00Z", "2026-03-01T00:00:01Z", "UTC"),
            ["2026-03-01", "2026-02-28", "2026-02-27"]
        );
        assert_eq!(days("2026-11-18", "2026-11-18", "Europe/Brussels"), ["2026-11-18", "2026-11-17"]);
        assert_eq!(days("2026-11-18", "2026-11-18", "America/New_York"), ["2026-11-19", "2026-11-18"]);
    }

    #[test]
    fn future_days_are_not_read() {
        assert_eq!(days(Some("2026-11-20"), Some("2030-01-01")).unwrap(), ["2026-11-21", "2026-11-20"]);
        assert!(days(Some("2030-01-01"), None).unwrap().is_empty());
        assert!(days(Some("2030-01-01"), Some("2030-02-01")).unwrap().is_empty());
        assert_eq!(days(None, Some("2030-01-01")).unwrap().len(), 30);
        let auckland = Period::parse(Some("2026-11-21"), None, zone("Pacific/Auckland"), now()).unwrap();
        assert!(auckland.contains(now()), "it is 9 in the evening there");
    }

    #[test]
    fn a_search_spans_92_days() {
        assert_eq!(days(Some("2026-08-22"), None).unwrap().len(), 92);
        assert_eq!(error_code(Some("2026-08-21"), None), "range_too_long");
        assert_eq!(error_code(Some("0001-01-01"), Some("9999-12-31")), "range_too_long");
        assert_eq!(error_code(Some("2026-11-02"), Some("2026-10-31")), "range_reversed");
        assert_eq!(error_code(Some("2026-11-02T10:00:00Z"), Some("2026-11-02T09:59:59Z")), "range_reversed");
        assert_eq!(error_code(Some("2026-11-02"), Some("2026-11-01")), "range_reversed", "neighbouring days");
        assert_eq!(days(Some("2026-11-02T10:00:00Z"), Some("2026-11-02")).unwrap(), ["2026-11-02"]);
        assert!(days(Some("2026-11-02T10:00:00Z"), Some("2026-11-02T10:00:00Z")).unwrap().len() <= 1);
        let brussels = Period::parse(Some("2026-08-22"), None, zone("Europe/Brussels"), now());
        assert!(brussels.is_ok(), "92 days with a change of clocks");
        for bad in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30",
            "21.11.2026",
            "2026-11-21T08:00:00",
            "2026-11-21T25:00:00Z",
            "Ж1:00",
        ] {
            assert_eq!(error_code(Some(bad), None), "date_invalid", "{bad}");
            assert_eq!(error_code(None, Some(bad)), "date_invalid", "{bad}");
        }
    }

    #[test]
    fn list_continues_at_its_cursor() {
        let period = Period::parse(Some("2026-11-18"), None, TimeZone::UTC, now()).unwrap();
        assert_eq!(period.days_newest_first(Some("2026-11-19")).unwrap(), ["2026-11-19", "2026-11-18"]);
        assert!(period.contains("2026-11-18T00:00:00Z".parse().unwrap()) && period.contains(now()));
        assert!(!period.contains("2026-11-17T23:59:59.999Z".parse().unwrap()));
    }

    #[test]
    fn number_and_email_cannot_be_combined() {
        let number = Filter { number: Some("7kq4m2xd9a".into()), ..Filter::default() };
        let email = Filter { email: Some("ada@example.com".parse().unwrap()), ..Filter::default() };
        assert_eq!(number.clone().into_search(TimeZone::UTC, now()).unwrap(), Search::Number("7KQ4M-2XD9A".into()));
        assert!(matches!(email.clone().into_search(TimeZone::UTC, now()).unwrap(), Search::Email(_)));
        let both = Filter { number: number.number.clone(), ..email.clone() };
        let dated = Filter { from: Some("2026-11-18".into()), ..number };
        let shipped = Filter { status: Some(Status::Shipped), ..email };
        for (filter, field) in [(both, "number"), (dated, "number"), (shipped, "email")] {
            let error = filter.into_search(TimeZone::UTC, now()).unwrap_err();
            assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), (field, "one_of"));
        }
    }
}
