//! The rules of a sliding window rate limit. Pure.
//!
//! A sliding window is computed from two fixed ones: the count of the current window, and the share of the previous window's count
//! that the sliding window still covers. There are two windows, a minute and an hour, so that a caller who continues waits longer.

use std::str::FromStr;

use values::{Error, Kind, Timestamp};

pub(crate) const MINUTE: Window = Window { millis: 60_000 };
pub(crate) const HOUR: Window = Window { millis: 3_600_000 };

/// The length of a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    millis: i64,
}

impl Window {
    /// The number of the fixed window that contains this time.
    pub(crate) fn index(self, now: Timestamp) -> i64 {
        now.millis().div_euclid(self.millis)
    }

    /// The rest of the fixed window in milliseconds: 1 to its length.
    fn left(self, now: Timestamp) -> i64 {
        self.millis - now.millis().rem_euclid(self.millis)
    }
}

/// The most attempts in any minute and in any hour. Written `10/60`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimit {
    pub(crate) per_minute: u32,
    pub(crate) per_hour: u32,
}

impl FromStr for RateLimit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parse = |text: &str| text.parse().ok().filter(|number: &u32| (1..=1_000_000_000).contains(number));
        let limits = text.split_once('/').and_then(|(minute, hour)| parse(minute).zip(parse(hour)));
        match limits.filter(|(minute, hour)| minute <= hour) {
            Some((per_minute, per_hour)) => Ok(Self { per_minute, per_hour }),
            None => {
                Err(Error::internal("a rate limit must be two numbers from 1, per minute and per hour, such as 10/60"))
            }
        }
    }
}

/// The counts of one counter, including the current attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AttemptCounts {
    pub(crate) minute: WindowCounts,
    pub(crate) hour: WindowCounts,
}

/// The counts of the current fixed window and of the previous one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WindowCounts {
    pub(crate) current: u32,
    pub(crate) previous: u32,
}

/// The caller's rate limit after an attempt.
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

    /// The stricter status of both windows.
    pub(crate) fn of(limit: RateLimit, counts: AttemptCounts, now: Timestamp) -> Self {
        let minute = Self::within(MINUTE, limit.per_minute, counts.minute, now);
        minute.and(Self::within(HOUR, limit.per_hour, counts.hour, now))
    }

    /// The stricter of two statuses, with the longer wait: both limits have to allow an attempt.
    pub(crate) fn and(self, other: Self) -> Self {
        let key = |status: &Self| (!status.is_exceeded, status.remaining, u32::MAX - status.next_seconds);
        let stricter = if key(&other) < key(&self) { other } else { self };
        Self { next_seconds: self.next_seconds.max(other.next_seconds), ..stricter }
    }

    fn within(window: Window, limit: u32, counts: WindowCounts, now: Timestamp) -> Self {
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

    /// 429 `rate_limited` if this attempt exceeded the limit.
    pub(crate) fn require(self) -> Result<(), Error> {
        if !self.is_exceeded {
            return Ok(());
        }
        let wait = self.next_seconds;
        let detail = format!("Too many attempts. Try again in {wait} seconds.");
        Err(Error::new(Kind::RateLimited(wait), "rate_limited", detail))
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
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// Counts as the table does.
    #[derive(Default)]
    struct Counter(HashMap<(i64, i64), u32>);

    impl Counter {
        fn counts(&self, window: Window, now: Timestamp) -> WindowCounts {
            let of = |index| self.0.get(&(window.millis, index)).copied().unwrap_or(0);
            WindowCounts { current: of(window.index(now)), previous: of(window.index(now) - 1) }
        }

        fn attempt(&mut self, limit: RateLimit, millis: i64) -> RateLimitStatus {
            let now = Timestamp::from_millis(millis);
            for window in [MINUTE, HOUR] {
                *self.0.entry((window.millis, window.index(now))).or_default() += 1;
            }
            let counts = AttemptCounts { minute: self.counts(MINUTE, now), hour: self.counts(HOUR, now) };
            RateLimitStatus::of(limit, counts, now)
        }
    }

    const START: i64 = 1_800_000_000_000;

    fn limit(text: &str) -> RateLimit {
        text.parse().unwrap()
    }

    #[test]
    fn limit_is_two_numbers_and_the_hour_has_the_larger() {
        assert_eq!(limit("10/60"), RateLimit { per_minute: 10, per_hour: 60 });
        for bad in ["", "10", "0/5", "10/5", "-1/5", "10/60/9", "a/b", " 1/2"] {
            assert!(bad.parse::<RateLimit>().is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn attempts_up_to_the_limit_pass_and_the_next_one_waits() {
        let mut counter = Counter::default();
        let left: Vec<_> = (0..3).map(|at| counter.attempt(limit("3/100"), START + at).remaining()).collect();
        assert_eq!(left, [2, 1, 0]);
        let status = counter.attempt(limit("3/100"), START + 3);
        let error = status.require().unwrap_err();
        assert_eq!((error.code, status.limit(), status.remaining()), ("rate_limited", 3, 0));
        assert!(matches!(error.kind, Kind::RateLimited(60..=120)), "{error:?}");
    }

    #[test]
    fn burst_at_the_end_of_a_window_counts_in_the_next() {
        let mut counter = Counter::default();
        for at in 0..4 {
            assert!(counter.attempt(limit("4/100"), START + 59_000 + at).require().is_ok());
        }
        assert!(
            counter.attempt(limit("4/100"), START + 60_500).require().is_err(),
            "a fixed window would have let it in"
        );
    }

    #[test]
    fn continued_attempts_wait_longer() {
        let mut counter = Counter::default();
        // Two per minute pass until the hour's limit.
        for minute in 0..5 {
            for at in 0..2 {
                assert!(counter.attempt(limit("2/10"), START + minute * 120_000 + at).require().is_ok());
            }
        }
        let status = counter.attempt(limit("2/10"), START + 5 * 120_000);
        assert!(status.require().is_err() && status.limit() == 10, "{status:?}");
        assert!(status.reset_seconds() > 40 * 60, "{status:?}");
    }

    proptest! {
        /// Retry-After is long enough, and not longer than needed.
        #[test]
        fn attempt_after_the_wait_passes_and_an_earlier_one_does_not(
            minute in 1u32..12, more in 0u32..40, gaps in prop::collection::vec(0i64..90_000, 1..80),
        ) {
            let limit = RateLimit { per_minute: minute, per_hour: minute + more };
            let (mut counter, mut now) = (Counter::default(), START);
            for gap in gaps {
                now += gap;
                let status = counter.attempt(limit, now);
                if status.require().is_err() {
                    let wait = i64::from(status.reset_seconds()) * 1000;
                    prop_assert!(wait <= 2 * HOUR.millis);
                    let mut early = Counter(counter.0.clone());
                    if wait > 2_000 {
                        prop_assert!(early.attempt(limit, now + wait - 1_500).require().is_err());
                    }
                    prop_assert!(counter.attempt(limit, now + wait).require().is_ok());
                    now += wait;
                }
            }
        }

        /// No fixed minute allows more attempts than the limit, whatever their times are.
        #[test]
        fn no_fixed_minute_allows_more_than_the_limit(most in 1u32..9, gaps in prop::collection::vec(0i64..20_000, 1..200)) {
            let limit = RateLimit { per_minute: most, per_hour: 1_000 };
            let (mut counter, mut now) = (Counter::default(), START);
            let mut allowed: HashMap<i64, u32> = HashMap::new();
            for gap in gaps {
                now += gap;
                if counter.attempt(limit, now).require().is_ok() {
                    *allowed.entry(now / MINUTE.millis).or_default() += 1;
                }
            }
            prop_assert!(allowed.values().all(|count| *count <= most), "{allowed:?}");
        }
    }
}
