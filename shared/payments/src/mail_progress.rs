//! How far the search for captured payments without a mail is. Pure.

use serde::{Deserialize, Serialize};
use values::{TimeZone, Timestamp};

/// So many seconds before the first run the search begins.
const FIRST_SECONDS: i64 = 3600;
/// A search that is so many seconds behind is late.
const LATE_SECONDS: i64 = 900;

/// The row of the search. It reads captures in the order of their sort keys: a time, `#`, and the payment's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailProgress {
    /// The sort key from which on captures are read next, or a time.
    pub(crate) from: String,
    /// Goes up with each page. 0: there is no row yet.
    pub(crate) version: u64,
}

impl MailProgress {
    /// The progress before the first run.
    pub(crate) fn first(now: Timestamp) -> Self {
        Self { from: now.plus_seconds(-FIRST_SECONDS).to_string(), version: 0 }
    }

    /// The sort key from which on captures are read next, or a time. As text it sorts as a time does.
    pub fn position(&self) -> &str {
        &self.from
    }

    /// Is the search 15 minutes behind? Then its runs fail, do not happen, or take too long. The first one begins an hour ago, which is not
    /// late.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.version > 0 && self.from < now.plus_seconds(-LATE_SECONDS).to_string()
    }

    /// Has it come to this time?
    pub fn has_reached(&self, until: Timestamp) -> bool {
        self.from >= until.to_string()
    }

    /// The day whose captures are read next, in UTC.
    pub(crate) fn day(&self) -> &str {
        self.from.split('T').next().unwrap_or_default()
    }

    /// Continues behind a page up to `until`, whose next page begins at `next`; at the next day behind the last page of a day.
    pub(crate) fn continue_behind(&mut self, next: Option<String>, until: Timestamp) {
        let end_of_day = TimeZone::UTC.day(self.day()).map(|day| day.end).filter(|end| *end < until);
        self.from = next.unwrap_or_else(|| end_of_day.unwrap_or(until).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn progress(from: &str) -> MailProgress {
        MailProgress { from: from.into(), version: 3 }
    }

    #[test]
    fn search_goes_on_page_by_page_and_day_by_day() {
        let until = at("2026-11-22T00:01:00Z");
        let mut search = progress("2026-11-20T23:00:00.000Z");
        for (next, from, day) in [
            (Some("2026-11-20T23:30:00.000Z#pay_1"), "2026-11-20T23:30:00.000Z#pay_1", "2026-11-20"),
            (None, "2026-11-21T00:00:00.000Z", "2026-11-21"),
            (None, "2026-11-22T00:00:00.000Z", "2026-11-22"),
            (None, "2026-11-22T00:01:00.000Z", "2026-11-22"),
        ] {
            assert!(!search.has_reached(until), "{search:?}");
            search.continue_behind(next.map(str::to_owned), until);
            assert_eq!((search.position(), search.day()), (from, day));
        }
        assert!(search.has_reached(until) && search.has_reached(at("2026-11-21T23:59:59Z")));
        assert!(progress("2026-11-22T00:01:00.000Z#pay_1").has_reached(until));
    }

    #[test]
    fn search_is_late_after_15_minutes() {
        let search = progress("2026-11-21T08:00:00.000Z");
        assert!(!search.is_late(at("2026-11-21T08:15:00Z")));
        assert!(search.is_late(at("2026-11-21T08:15:00.001Z")));
        let (now, first) = (at("2026-11-21T00:30:00Z"), MailProgress::first(at("2026-11-21T00:30:00Z")));
        assert_eq!((first.position(), first.day(), first.version), ("2026-11-20T23:30:00.000Z", "2026-11-20", 0));
        assert!(!first.has_reached(now) && !first.is_late(now), "a new shop, or an operator has deleted the row");
    }

    #[test]
    fn progress_is_stored_and_read() {
        let search = progress("2026-11-20T23:30:00.000Z#pay_1");
        let row = serde_json::to_value(&search).unwrap();
        assert_eq!(serde_json::from_value::<MailProgress>(row).unwrap(), search);
    }
}
