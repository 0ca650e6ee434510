//! The two windows of an attempt's limit: a minute and an hour, so that a caller who continues waits longer. Pure; the rules of one window
//! are in `values`.

use std::str::FromStr;

use values::{Error, RateLimitStatus, Timestamp, Window, WindowCounts};

/// The most attempts in any minute and in any hour. Written `10/60`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimit {
    pub(crate) per_minute: u32,
    pub(crate) per_hour: u32,
}

impl RateLimit {
    /// The stricter status of both windows.
    pub(crate) fn status(self, counts: AttemptCounts, now: Timestamp) -> RateLimitStatus {
        let minute = RateLimitStatus::of(Window::MINUTE, self.per_minute, counts.minute, now);
        minute.and(RateLimitStatus::of(Window::HOUR, self.per_hour, counts.hour, now))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use values::Kind;

    /// Counts as the table does.
    #[derive(Default)]
    struct Counter(HashMap<(i64, i64), u32>);

    impl Counter {
        fn counts(&self, window: Window, now: Timestamp) -> WindowCounts {
            let of = |index| self.0.get(&(window.millis(), index)).copied().unwrap_or(0);
            WindowCounts { current: of(window.index(now)), previous: of(window.index(now) - 1) }
        }

        fn attempt(&mut self, limit: RateLimit, millis: i64) -> RateLimitStatus {
            let now = Timestamp::from_millis(millis);
            for window in [Window::MINUTE, Window::HOUR] {
                *self.0.entry((window.millis(), window.index(now))).or_default() += 1;
            }
            let counts =
                AttemptCounts { minute: self.counts(Window::MINUTE, now), hour: self.counts(Window::HOUR, now) };
            limit.status(counts, now)
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
                    prop_assert!(wait <= 2 * Window::HOUR.millis());
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
                    *allowed.entry(now / Window::MINUTE.millis()).or_default() += 1;
                }
            }
            prop_assert!(allowed.values().all(|count| *count <= most), "{allowed:?}");
        }
    }
}
