//! A search of an admin among all orders: by number, by email address, or by days. Pure.

use values::{Email, Error, Result, Timestamp};

use crate::number;
use crate::status::Status;

const DAY_MILLIS: i64 = 24 * 3600 * 1000;
/// Days of a search without dates, today included.
const DEFAULT_DAYS: i64 = 30;
/// The most days of one search.
const MAX_DAYS: i64 = 92;

/// The filters of a search, as they were sent.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<Status>,
    /// The first day (UTC) on which the orders were placed: a date, or a time on that day.
    pub from: Option<String>,
    /// The last day (UTC), in the same form.
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
    /// Orders that were placed on those days, with that status if there is one.
    Days {
        days: Days,
        status: Option<Status>,
    },
}

/// Days in UTC, from the first to the last, both included; none when the first is after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    first: i64,
    last: i64,
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

    /// Checks the filters; 422 for filters that cannot be combined, and for dates that are invalid or span too many
    /// days.
    pub(crate) fn into_search(self, now: Timestamp) -> Result<Search> {
        match self {
            Self { number: Some(number), email: None, status: None, from: None, to: None } => {
                Ok(Search::Number(number::parse(&number)?))
            }
            Self { email: Some(email), number: None, status: None, from: None, to: None } => Ok(Search::Email(email)),
            Self { number: None, email: None, status, from, to } => {
                Ok(Search::Days { days: Days::parse(from.as_deref(), to.as_deref(), now)?, status })
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

impl Days {
    fn parse(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self> {
        let today = day_of(now);
        let last = to.map_or(Ok(today), |to| parse_day("to", to))?;
        let first = from.map_or(Ok(last.min(today) - DEFAULT_DAYS + 1), |from| parse_day("from", from))?;
        // No order was placed after today, so later days are not read.
        let days = Self { first, last: last.min(today) };
        if to.is_some() && first > last {
            return Err(Error::invalid("from", "range_reversed", "must not be after `to`"));
        }
        if days.last - days.first >= MAX_DAYS {
            let message = format!("the search spans more than {MAX_DAYS} days; split it into shorter ones");
            return Err(Error::invalid("from", "range_too_long", message));
        }
        Ok(days)
    }

    pub(crate) fn contains(self, at: Timestamp) -> bool {
        (self.first..=self.last).contains(&day_of(at))
    }

    /// The dates, such as `2026-11-21`, newest first, from `begin` on if it is given.
    pub(crate) fn newest_first(self, begin: Option<&str>) -> Result<Vec<String>> {
        let begin = begin.map(|day| parse_day("cursor", day)).transpose()?.map_or(self.last, |day| day.min(self.last));
        Ok((self.first..=begin).rev().map(|day| Timestamp::from_millis(day * DAY_MILLIS).day()).collect())
    }
}

/// Days since 1970-01-01.
fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}

/// The day of a date or a time in the format of RFC 3339; 422 `date_invalid`.
fn parse_day(field: &str, text: &str) -> Result<i64> {
    let at = text.parse::<Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse());
    at.map(day_of).map_err(|_| {
        Error::invalid(field, "date_invalid", "must be a date such as 2026-11-21, or a time in the format of RFC 3339")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    fn days(from: Option<&str>, to: Option<&str>) -> Result<Vec<String>> {
        Days::parse(from, to, now())?.newest_first(None)
    }

    fn error_code(from: Option<&str>, to: Option<&str>) -> &'static str {
        days(from, to).unwrap_err().fields[0].code
    }

    #[test]
    fn search_without_dates_covers_thirty_days() {
        let days = days(None, None).unwrap();
        assert_eq!((days.len(), days[0].as_str(), days[29].as_str()), (30, "2026-11-21", "2026-10-23"));
    }

    #[test]
    fn days_are_whole_and_both_ends_are_included() {
        let three = ["2026-03-01", "2026-02-28", "2026-02-27"];
        assert_eq!(days(Some("2026-02-27"), Some("2026-03-01")).unwrap(), three);
        assert_eq!(days(Some("2026-02-27T23:59:00Z"), Some("2026-03-01T00:00:00Z")).unwrap(), three);
        assert_eq!(days(Some("2026-02-28T01:00:00+02:00"), Some("2026-03-02T00:30:00+01:00")).unwrap(), three);
        assert_eq!(days(None, Some("2026-03-01")).unwrap().len(), 30);
    }

    #[test]
    fn future_days_are_not_read() {
        assert_eq!(days(Some("2026-11-20"), Some("2030-01-01")).unwrap(), ["2026-11-21", "2026-11-20"]);
        assert!(days(Some("2030-01-01"), None).unwrap().is_empty());
        assert_eq!(days(None, Some("2030-01-01")).unwrap().len(), 30);
    }

    #[test]
    fn a_search_spans_92_days() {
        assert_eq!(days(Some("2026-08-22"), None).unwrap().len(), 92);
        assert_eq!(error_code(Some("2026-08-21"), None), "range_too_long");
        assert_eq!(error_code(Some("0001-01-01"), Some("9999-12-31")), "range_too_long");
        assert_eq!(error_code(Some("2026-11-02"), Some("2026-11-01")), "range_reversed");
        for bad in ["", "yesterday", "2026-13-01", "2026-02-30", "21.11.2026"] {
            assert_eq!(error_code(Some(bad), None), "date_invalid", "{bad}");
            assert_eq!(error_code(None, Some(bad)), "date_invalid", "{bad}");
        }
    }

    #[test]
    fn list_continues_at_its_cursor() {
        let days = Days::parse(Some("2026-11-18"), None, now()).unwrap();
        assert_eq!(days.newest_first(Some("2026-11-19")).unwrap(), ["2026-11-19", "2026-11-18"]);
        assert!(days.contains("2026-11-18T00:00:00Z".parse().unwrap()) && days.contains(now()));
        assert!(!days.contains("2026-11-17T23:59:59.999Z".parse().unwrap()));
    }

    #[test]
    fn number_and_email_cannot_be_combined() {
        let number = Filter { number: Some("7kq4m2xd9a".into()), ..Filter::default() };
        let email = Filter { email: Some("ada@example.com".parse().unwrap()), ..Filter::default() };
        assert_eq!(number.clone().into_search(now()).unwrap(), Search::Number("7KQ4M-2XD9A".into()));
        assert!(matches!(email.clone().into_search(now()).unwrap(), Search::Email(_)));
        let both = Filter { number: number.number.clone(), ..email.clone() };
        let dated = Filter { from: Some("2026-11-18".into()), ..number };
        let shipped = Filter { status: Some(Status::Shipped), ..email };
        for (filter, field) in [(both, "number"), (dated, "number"), (shipped, "email")] {
            let error = filter.into_search(now()).unwrap_err();
            assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), (field, "one_of"));
        }
    }
}
