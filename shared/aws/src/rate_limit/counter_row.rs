//! The row of a counter: the counts of the latest window and of the one before it.

use serde::Deserialize;
use values::{RateLimitStatus, Timestamp, Window, WindowCounts};

/// The row. Within a window its counts only grow, so an old copy is a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct CounterRow {
    /// The number of the window.
    #[serde(rename = "w")]
    pub(super) window: i64,
    /// The tokens that were leased in this window.
    #[serde(rename = "n")]
    pub(super) current: u32,
    /// The tokens that were leased in the window before.
    #[serde(rename = "p")]
    pub(super) previous: u32,
}

impl CounterRow {
    /// The row of a caller that was not counted yet.
    pub(super) fn new(window: i64) -> Self {
        Self { window, current: 0, previous: 0 }
    }

    /// The row in that window. If another clock is ahead, its window stays the latest one.
    pub(super) fn at(self, window: i64) -> Self {
        match window - self.window {
            ..=0 => self,
            1 => Self { window, current: 0, previous: self.current },
            _ => Self::new(window),
        }
    }

    /// What the counts leave of the limit. A window of a clock that is ahead has just begun.
    pub(super) fn status(self, window: Window, limit: u32, now: Timestamp) -> RateLimitStatus {
        let counts = WindowCounts { current: self.current, previous: self.previous };
        RateLimitStatus::of(window, limit, counts, now.max(window.start(self.window)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_becomes_the_previous_one_and_then_ends() {
        let row = CounterRow { window: 7, current: 3, previous: 9 };
        assert_eq!(row.at(7), row);
        assert_eq!(row.at(8), CounterRow { window: 8, current: 0, previous: 3 });
        assert_eq!(row.at(9), CounterRow::new(9));
    }

    #[test]
    fn window_of_a_faster_clock_stays() {
        let row = CounterRow { window: 8, current: 4, previous: 6 };
        assert_eq!(row.at(7), row);
        let before = Timestamp::from_millis(Window::MINUTE.start(8).millis() - 5);
        assert_eq!(row.status(Window::MINUTE, 10, before).remaining(), 0);
    }
}
