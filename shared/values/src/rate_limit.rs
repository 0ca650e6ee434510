//! The rules of a sliding window rate limit. Pure.
//!
//! A sliding window is computed from two fixed ones: the count of the current window, and the share of the previous window's count
//! that the sliding window still covers.

use crate::{Error, Kind, Timestamp};

/// The length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    millis: i64,
}

impl Window {
    /// A minute.
    pub const MINUTE: Self = Self { millis: 60_000 };
    /// An hour.
    pub const HOUR: Self = Self { millis: 3_600_000 };

    /// The length in milliseconds.
    pub fn millis(self) -> i64 {
        self.millis
    }

    /// The number of the fixed window that contains this time.
    pub fn index(self, now: Timestamp) -> i64 {
        now.millis().div_euclid(self.millis)
    }

    /// The first moment of a fixed window.
    pub fn start(self, index: i64) -> Timestamp {
        Timestamp::from_millis(index.saturating_mul(self.millis))
    }

    /// The rest of the fixed window in milliseconds: 1 to its length.
    fn left(self, now: Timestamp) -> i64 {
        self.millis - now.millis().rem_euclid(self.millis)
    }
}

/// The counts of the current fixed window and of the previous one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WindowCounts {
    pub current: u32,
    pub previous: u32,
}

/// A caller's rate limit at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitStatus {
    limit: u32,
    remaining: u32,
    /// The time until the fixed window ends.
    ends_seconds: u32,
    /// The time until one more attempt is allowed, if there is none until then.
    next_seconds: u32,
    is_exceeded: bool,
}

impl RateLimitStatus {
    /// The status of one window after these counts.
    pub fn of(window: Window, limit: u32, counts: WindowCounts, now: Timestamp) -> Self {
        let (millis, left) = (i128::from(window.millis), i128::from(window.left(now)));
        let (limit_count, current, previous) =
            (i128::from(limit), i128::from(counts.current), i128::from(counts.previous));
        // In attempts times the window's length, so that nothing is rounded.
        let free = limit_count * millis - current * millis - previous * left;
        let next = if free >= millis { 0 } else { wait_millis(millis, left, limit_count, current, previous) };
        let seconds = |millis: i128| u32::try_from((millis + 999) / 1000).unwrap_or(u32::MAX);
        Self {
            limit,
            remaining: u32::try_from(free.max(0) / millis).unwrap_or(u32::MAX),
            ends_seconds: seconds(left),
            next_seconds: seconds(next),
            is_exceeded: free < 0,
        }
    }

    /// The most attempts in the window that has the fewest left.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// The attempts that are left now.
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// The seconds until more attempts are allowed.
    pub fn reset_seconds(&self) -> u32 {
        if self.remaining == 0 { self.next_seconds } else { self.ends_seconds }
    }

    /// The same status with more attempts left, which were counted before they were made.
    #[must_use]
    pub fn with_more(self, attempts: u32) -> Self {
        Self { remaining: self.remaining.saturating_add(attempts), ..self }
    }

    /// The stricter of two statuses, with the longer wait: both limits have to allow an attempt.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let key = |status: &Self| (!status.is_exceeded, status.remaining, u32::MAX - status.next_seconds);
        let stricter = if key(&other) < key(&self) { other } else { self };
        Self { next_seconds: self.next_seconds.max(other.next_seconds), ..stricter }
    }

    /// Fails like [`RateLimitStatus::refusal`] if the attempt that was counted last exceeded the limit.
    pub fn require(self) -> Result<(), Error> {
        if self.is_exceeded { Err(self.refusal()) } else { Ok(()) }
    }

    /// The 429 `rate_limited` of an attempt that has to wait.
    pub fn refusal(self) -> Error {
        let wait = self.next_seconds;
        let detail = format!("Too many requests. Try again in {wait} seconds.");
        Error::new(Kind::RateLimited(wait), "rate_limited", detail)
    }
}

/// Milliseconds until one more attempt is allowed, if there is none until then.
fn wait_millis(millis: i128, left: i128, limit: i128, current: i128, previous: i128) -> i128 {
    if previous > 0 && current < limit {
        // In this fixed window, when enough of the previous one has left the sliding window.
        return left - (limit - current - 1) * millis / previous;
    }
    // In the next fixed window, when enough of this one has left the sliding window.
    let after = millis - (limit - 1) * millis / current.max(1);
    left + after.max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000_000;

    fn status(current: u32, previous: u32, millis: i64) -> RateLimitStatus {
        let counts = WindowCounts { current, previous };
        RateLimitStatus::of(Window::MINUTE, 10, counts, Timestamp::from_millis(START + millis))
    }

    #[test]
    fn previous_window_counts_by_the_share_that_is_still_covered() {
        assert_eq!(status(3, 0, 0).remaining(), 7);
        assert_eq!(status(0, 10, 0).remaining(), 0);
        assert_eq!(status(0, 10, 30_000).remaining(), 5);
        assert_eq!(status(2, 10, 59_999).remaining(), 7);
    }

    #[test]
    fn refusal_waits_until_one_attempt_is_left() {
        let full = status(5, 10, 30_000);
        assert_eq!((full.remaining(), full.reset_seconds(), full.refusal().code), (0, 6, "rate_limited"));
        assert_eq!(status(5, 10, 36_000).remaining(), 1);
        assert!(full.require().is_ok() && status(6, 10, 30_000).require().is_err());
    }
}
