//! How far the daily walk through the orders is: which day and shard is next, and when a day may be walked. Pure.
//!
//! The walk looks for what was lost, so it reads all shards that any setting allows, one after the other, and trusts no number of shards.

use aws_kit::MAX_SHARDS;
use serde::{Deserialize, Serialize};
use values::{Error, OrderId, Result, TimeZone, Timestamp};

/// A day is walked so many seconds after its end. By then its transactions have ended, the index has its orders, and the stream has
/// delivered their changes, unless it is disturbed.
const REST_SECONDS: i64 = 3600;
/// The walk begins again at most so many days ago.
const MOST_DAYS: i64 = 31;

/// The row of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WalkProgress {
    /// The beginning of the day that is walked next, in UTC.
    pub(crate) day: Timestamp,
    /// The shard of that day that is walked next.
    pub(crate) shard: u8,
    /// The orders of the shard from this one on are walked; none at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<OrderId>,
    /// Goes up with each page. 0: there is no row yet.
    pub(crate) version: u64,
}

/// What follows a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterPage {
    /// The progress is stored.
    Store,
    /// The next page or shard. The day is not over, so it will be walked again from its beginning, and its progress is not stored.
    Continue,
    /// Nothing: this was the last page of the last shard of a day that is not over.
    End,
}

impl WalkProgress {
    /// The progress before the first run: yesterday is next.
    pub(crate) fn first(now: Timestamp) -> Self {
        Self { day: TimeZone::UTC.begin_of_day(now, -1), shard: 0, before: None, version: 0 }
    }

    /// Begins again at a day such as `2026-11-21`, unless the next day is an earlier one. 422 `date_invalid`, or `date_out_of_range` for a
    /// day that is more than 31 days ago.
    pub(crate) fn restart(&mut self, day: &str, now: Timestamp) -> Result<()> {
        let day = TimeZone::UTC.day(day).map(|day| day.start);
        let day = day.ok_or_else(|| Error::invalid("from", "date_invalid", "must be a date such as 2026-11-21"))?;
        if day < TimeZone::UTC.begin_of_day(now, -MOST_DAYS) {
            let message = format!("must be {MOST_DAYS} days ago at most");
            return Err(Error::invalid("from", "date_out_of_range", message));
        }
        if day <= self.day {
            (self.day, self.shard, self.before) = (day, 0, None);
        }
        Ok(())
    }

    /// Is the walk a day behind? Then its runs fail, or do not happen.
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        self.day < TimeZone::UTC.begin_of_day(now, -2)
    }

    /// Continues behind a page of the shard, whose next page begins at `next`.
    pub(crate) fn continue_behind(&mut self, next: Option<OrderId>, now: Timestamp) -> AfterPage {
        let is_over = self.day <= last_full_day(now);
        self.before = next;
        if next.is_none() {
            self.shard = self.shard.saturating_add(1);
        }
        let is_last = self.shard >= MAX_SHARDS;
        if is_last {
            self.shard = 0;
        }
        match (is_last, is_over) {
            (true, true) => {
                self.day = TimeZone::UTC.begin_of_day(self.day, 1);
                AfterPage::Store
            }
            (false, true) => AfterPage::Store,
            (false, false) => AfterPage::Continue,
            (true, false) => AfterPage::End,
        }
    }
}

/// The beginning of the last day that can be walked to its end.
pub(crate) fn last_full_day(now: Timestamp) -> Timestamp {
    TimeZone::UTC.begin_of_day(now.plus_seconds(-REST_SECONDS), -1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn begin(day: &str) -> Timestamp {
        at(&format!("{day}T00:00:00Z"))
    }

    fn progress(day: &str) -> WalkProgress {
        WalkProgress { day: begin(day), shard: 0, before: None, version: 3 }
    }

    fn code_of(from: &str) -> &'static str {
        progress("2026-11-20").restart(from, at("2026-11-21T08:00:00Z")).unwrap_err().fields[0].code
    }

    #[test]
    fn day_is_walked_an_hour_after_its_end() {
        assert_eq!(last_full_day(at("2026-11-21T00:59:59.999Z")), begin("2026-11-19"));
        assert_eq!(last_full_day(at("2026-11-21T01:00:00Z")), begin("2026-11-20"));
        assert_eq!(last_full_day(at("2026-11-21T23:59:59Z")), begin("2026-11-20"));
        assert_eq!(
            WalkProgress::first(at("2026-11-21T00:10:00Z")),
            WalkProgress { version: 0, ..progress("2026-11-20") }
        );
    }

    #[test]
    fn day_ends_with_the_last_page_of_its_last_shard() {
        let (now, order) = (at("2026-11-21T08:00:00Z"), Some(Clock::System.mint()));
        let mut walked = progress("2026-11-20");
        for shard in 0..64 {
            assert_eq!(walked.continue_behind(order, now), AfterPage::Store);
            assert_eq!(walked, WalkProgress { shard, before: order, ..progress("2026-11-20") });
            assert_eq!(walked.continue_behind(None, now), AfterPage::Store);
        }
        assert_eq!(walked, progress("2026-11-21"));
    }

    #[test]
    fn day_that_is_not_over_is_walked_again() {
        let (now, order) = (at("2026-11-21T08:00:00Z"), Some(Clock::System.mint()));
        let mut walked = progress("2026-11-21");
        assert_eq!(walked.continue_behind(order, now), AfterPage::Continue);
        assert_eq!(walked.continue_behind(None, now), AfterPage::Continue);
        walked.shard = 63;
        assert_eq!(walked.continue_behind(order, now), AfterPage::Continue);
        assert_eq!(walked.continue_behind(None, now), AfterPage::End);
        assert_eq!(walked, progress("2026-11-21"));
        // It has ended less than an hour ago.
        let mut walked = WalkProgress { shard: 63, ..progress("2026-11-20") };
        assert_eq!(walked.continue_behind(None, at("2026-11-21T00:30:00Z")), AfterPage::End);
    }

    #[test]
    fn walk_begins_again_at_an_earlier_day_only() {
        let (now, order) = (at("2026-11-21T08:00:00Z"), Some(Clock::System.mint()));
        for (from, expected, shard, before) in [
            ("2026-11-18", "2026-11-18", 0, None),
            ("2026-11-19", "2026-11-19", 0, None),
            // Days in between are not skipped.
            ("2026-11-21", "2026-11-19", 7, order),
        ] {
            let mut walked = WalkProgress { shard: 7, before: order, ..progress("2026-11-19") };
            walked.restart(from, now).unwrap();
            assert_eq!(walked, WalkProgress { shard, before, ..progress(expected) }, "{from}");
        }
        assert_eq!((code_of("yesterday"), code_of("2026-10-20")), ("date_invalid", "date_out_of_range"));
        assert!(progress("2026-11-20").restart("2026-10-21", now).is_ok());
    }

    #[test]
    fn walk_is_late_after_a_day() {
        let walked = progress("2026-11-18");
        assert!(!walked.is_late(at("2026-11-20T23:59:59Z")));
        assert!(walked.is_late(at("2026-11-21T00:00:00Z")));
    }

    #[test]
    fn progress_is_stored_and_read() {
        for before in [None, Some(Clock::System.mint())] {
            let walked = WalkProgress { shard: 7, before, ..progress("2026-11-20") };
            let row = serde_json::to_value(&walked).unwrap();
            assert_eq!(serde_json::from_value::<WalkProgress>(row).unwrap(), walked);
        }
    }
}
