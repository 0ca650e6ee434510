//! What an admin looks for among all orders: the one of a number, those of a mail address, or those of some days. Pure.

use values::{Email, Error, Result, Timestamp};

use crate::number;
use crate::status::Status;

const DAY_MILLIS: i64 = 24 * 3600 * 1000;
/// Days of a search that names none, today included.
const USUAL_DAYS: i64 = 30;
/// Days that one search may span.
const MOST_DAYS: i64 = 92;

/// What is looked for, as it was asked.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only what has come so far.
    pub status: Option<Status>,
    /// Placed on that day (UTC) or later: a date, or a time in that day.
    pub from: Option<String>,
    /// Placed on that day (UTC) or earlier.
    pub to: Option<String>,
    /// As people say it.
    pub number: Option<String>,
    /// An account's or a guest's.
    pub email: Option<Email>,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Search {
    /// The one order of that number.
    Number(String),
    /// Orders of whoever is reached there.
    Email(Email),
    /// Orders that were placed on those days.
    Days {
        /// Which.
        days: Days,
        /// And have come so far.
        status: Option<Status>,
    },
}

/// Days in UTC from one to another, both included; none when the first is after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    first: i64,
    last: i64,
}

impl Filter {
    /// The name of a filter that is set, if any is.
    pub fn any(&self) -> Option<&'static str> {
        let set = [
            ("number", self.number.is_some()),
            ("email", self.email.is_some()),
            ("status", self.status.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
        ];
        set.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| name)
    }

    /// What is looked for; 422 for filters that do not go together and for days that are none or too many.
    pub(crate) fn search(self, now: Timestamp) -> Result<Search> {
        match self {
            Self { number: Some(number), email: None, status: None, from: None, to: None } => {
                Ok(Search::Number(number::typed(&number)?))
            }
            Self { email: Some(email), number: None, status: None, from: None, to: None } => Ok(Search::Email(email)),
            Self { number: None, email: None, status, from, to } => {
                Ok(Search::Days { days: Days::asked(from.as_deref(), to.as_deref(), now)?, status })
            }
            Self { number, .. } => {
                let field = if number.is_some() { "number" } else { "email" };
                Err(Error::invalid(
                    field,
                    "one_of",
                    "say `number` or `email` and nothing else, or `status`, `from` and `to`",
                ))
            }
        }
    }
}

impl Days {
    fn asked(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self> {
        let today = day_of(now);
        let last = to.map_or(Ok(today), |to| read("to", to))?;
        let first = from.map_or(Ok(last.min(today) - USUAL_DAYS + 1), |from| read("from", from))?;
        // Nothing was placed after today, so those days need not be looked at.
        let days = Self { first, last: last.min(today) };
        if to.is_some() && first > last {
            return Err(Error::invalid("from", "range_reversed", "is after `to`"));
        }
        if days.last - days.first >= MOST_DAYS {
            let message = format!("the search spans more than {MOST_DAYS} days; ask for some of them at a time");
            return Err(Error::invalid("from", "range_too_long", message));
        }
        Ok(days)
    }

    /// Does it lie on one of them?
    pub(crate) fn contain(self, at: Timestamp) -> bool {
        (self.first..=self.last).contains(&day_of(at))
    }

    /// Their names, such as `2026-11-21`, last first, from `begin` on if that is said.
    pub(crate) fn newest_first(self, begin: Option<&str>) -> Result<Vec<String>> {
        let begin = begin.map(|day| read("cursor", day)).transpose()?.map_or(self.last, |day| day.min(self.last));
        Ok((self.first..=begin).rev().map(|day| Timestamp::from_millis(day * DAY_MILLIS).day()).collect())
    }
}

/// Days since 1970.
fn day_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}

/// The day of a date or a time as RFC 3339 writes them.
fn read(field: &str, text: &str) -> Result<i64> {
    let at = text.parse::<Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse());
    at.map(day_of)
        .map_err(|_| Error::invalid(field, "date_invalid", "write a date such as 2026-11-21, or a time of RFC 3339"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    fn days(from: Option<&str>, to: Option<&str>) -> Result<Vec<String>> {
        Days::asked(from, to, now())?.newest_first(None)
    }

    fn refused(from: Option<&str>, to: Option<&str>) -> &'static str {
        days(from, to).unwrap_err().fields[0].code
    }

    #[test]
    fn a_search_without_days_is_of_the_last_thirty() {
        let days = days(None, None).unwrap();
        assert_eq!((days.len(), days[0].as_str(), days[29].as_str()), (30, "2026-11-21", "2026-10-23"));
    }

    #[test]
    fn days_are_whole_and_both_ends_are_in() {
        let three = ["2026-03-01", "2026-02-28", "2026-02-27"];
        assert_eq!(days(Some("2026-02-27"), Some("2026-03-01")).unwrap(), three);
        assert_eq!(days(Some("2026-02-27T23:59:00Z"), Some("2026-03-01T00:00:00Z")).unwrap(), three);
        assert_eq!(days(Some("2026-02-28T01:00:00+02:00"), Some("2026-03-02T00:30:00+01:00")).unwrap(), three);
        assert_eq!(days(None, Some("2026-03-01")).unwrap().len(), 30);
    }

    #[test]
    fn days_to_come_are_not_looked_at() {
        assert_eq!(days(Some("2026-11-20"), Some("2030-01-01")).unwrap(), ["2026-11-21", "2026-11-20"]);
        assert!(days(Some("2030-01-01"), None).unwrap().is_empty());
        assert_eq!(days(None, Some("2030-01-01")).unwrap().len(), 30);
    }

    #[test]
    fn a_search_spans_92_days() {
        assert_eq!(days(Some("2026-08-22"), None).unwrap().len(), 92);
        assert_eq!(refused(Some("2026-08-21"), None), "range_too_long");
        assert_eq!(refused(Some("0001-01-01"), Some("9999-12-31")), "range_too_long");
        assert_eq!(refused(Some("2026-11-02"), Some("2026-11-01")), "range_reversed");
        for bad in ["", "yesterday", "2026-13-01", "2026-02-30", "21.11.2026"] {
            assert_eq!(refused(Some(bad), None), "date_invalid", "{bad}");
            assert_eq!(refused(None, Some(bad)), "date_invalid", "{bad}");
        }
    }

    #[test]
    fn a_list_goes_on_where_it_was() {
        let days = Days::asked(Some("2026-11-18"), None, now()).unwrap();
        assert_eq!(days.newest_first(Some("2026-11-19")).unwrap(), ["2026-11-19", "2026-11-18"]);
        assert!(days.contain("2026-11-18T00:00:00Z".parse().unwrap()) && days.contain(now()));
        assert!(!days.contain("2026-11-17T23:59:59.999Z".parse().unwrap()));
    }

    #[test]
    fn number_and_email_are_asked_for_alone() {
        let number = Filter { number: Some("7kq4m2xd9a".into()), ..Filter::default() };
        let email = Filter { email: Some("ada@example.com".parse().unwrap()), ..Filter::default() };
        assert_eq!(number.clone().search(now()).unwrap(), Search::Number("7KQ4M-2XD9A".into()));
        assert!(matches!(email.clone().search(now()).unwrap(), Search::Email(_)));
        let both = Filter { number: number.number.clone(), ..email.clone() };
        let dated = Filter { from: Some("2026-11-18".into()), ..number };
        let shipped = Filter { status: Some(Status::Shipped), ..email };
        for (filter, field) in [(both, "number"), (dated, "number"), (shipped, "email")] {
            let error = filter.search(now()).unwrap_err();
            assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), (field, "one_of"));
        }
    }
}
