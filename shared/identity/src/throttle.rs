//! How much is too much: pure rules of a sliding window.
//!
//! A window slides over two fixed ones: what was counted in the present one, and of the one before as much as the sliding window still
//! covers. Two windows, a minute and an hour, stand behind each other, so that whoever goes on has to wait longer.

use std::str::FromStr;

use values::{Error, Kind, Timestamp};

pub(crate) const MINUTE: Window = Window { millis: 60_000 };
pub(crate) const HOUR: Window = Window { millis: 3_600_000 };

/// A length of time that attempts are counted over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    millis: i64,
}

impl Window {
    /// The number of the fixed window that this moment lies in.
    pub(crate) fn index(self, now: Timestamp) -> i64 {
        now.millis().div_euclid(self.millis)
    }

    /// What is left of it, in milliseconds: 1 to its length.
    fn left(self, now: Timestamp) -> i64 {
        self.millis - now.millis().rem_euclid(self.millis)
    }
}

/// So many attempts in any minute and in any hour. Written `10/60`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) per_minute: u32,
    pub(crate) per_hour: u32,
}

impl FromStr for Limit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = |text: &str| text.parse().ok().filter(|number: &u32| (1..=1_000_000_000).contains(number));
        let read = text.split_once('/').and_then(|(minute, hour)| read(minute).zip(read(hour)));
        match read.filter(|(minute, hour)| minute <= hour) {
            Some((per_minute, per_hour)) => Ok(Self { per_minute, per_hour }),
            None => Err(Error::internal("a limit is two numbers from 1 up, per minute and per hour: 10/60")),
        }
    }
}

/// What was counted, this attempt included.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) minute: Counts,
    pub(crate) hour: Counts,
}

/// In the present fixed window, and in the one before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) now: u32,
    pub(crate) before: u32,
}

/// How somebody stands after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    limit: u32,
    remaining: u32,
    /// Until the fixed window ends.
    ends_seconds: u32,
    /// Until one more attempt fits, if none is made meanwhile.
    next_seconds: u32,
    refused: bool,
}

impl Standing {
    /// So many attempts fit into the window that is nearest to being full.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// So many more do now.
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// In so many seconds there are more.
    pub fn reset_seconds(&self) -> u32 {
        if self.remaining == 0 { self.next_seconds } else { self.ends_seconds }
    }

    /// By both windows.
    pub(crate) fn of(limit: Limit, tally: Tally, now: Timestamp) -> Self {
        let minute = Self::within(MINUTE, limit.per_minute, tally.minute, now);
        minute.and(Self::within(HOUR, limit.per_hour, tally.hour, now))
    }

    /// Both have to let an attempt in. What is told is of the one that leaves less.
    pub(crate) fn and(self, other: Self) -> Self {
        let key = |standing: &Self| (!standing.refused, standing.remaining, u32::MAX - standing.next_seconds);
        let stricter = if key(&other) < key(&self) { other } else { self };
        Self { next_seconds: self.next_seconds.max(other.next_seconds), ..stricter }
    }

    fn within(window: Window, limit: u32, counts: Counts, now: Timestamp) -> Self {
        let (millis, left) = (i128::from(window.millis), i128::from(window.left(now)));
        let (most, present, before) = (i128::from(limit), i128::from(counts.now), i128::from(counts.before));
        // Attempts times the window's length, so that nothing is rounded.
        let free = most * millis - present * millis - before * left;
        let next = if free >= millis { 0 } else { wait(millis, left, most, present, before) };
        let seconds = |millis: i128| u32::try_from((millis + 999) / 1000).unwrap_or(u32::MAX);
        Self {
            limit,
            remaining: u32::try_from(free.max(0) / millis).unwrap_or(u32::MAX),
            ends_seconds: seconds(left),
            next_seconds: seconds(next),
            refused: free < 0,
        }
    }

    /// 429 `rate_limited` if this attempt was one too many.
    pub(crate) fn require(self) -> Result<(), Error> {
        if !self.refused {
            return Ok(());
        }
        let wait = self.next_seconds;
        let detail = format!("Too many attempts. Try again in {wait} s.");
        Err(Error::new(Kind::RateLimited(wait), "rate_limited", detail))
    }
}

/// Milliseconds until one more attempt fits, if none is made meanwhile.
fn wait(millis: i128, left: i128, most: i128, present: i128, before: i128) -> i128 {
    if before > 0 && present < most {
        // In this window: its predecessor has to slide out far enough.
        return left - (most - present - 1) * millis / before;
    }
    // In the next: this one is its predecessor then, and has to slide out itself.
    let after = millis - (most - 1) * millis / present.max(1);
    left + after.max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// One who counts, as the table does.
    #[derive(Default)]
    struct Counter(HashMap<(i64, i64), u32>);

    impl Counter {
        fn counts(&self, window: Window, now: Timestamp) -> Counts {
            let of = |index| self.0.get(&(window.millis, index)).copied().unwrap_or(0);
            Counts { now: of(window.index(now)), before: of(window.index(now) - 1) }
        }

        fn attempt(&mut self, limit: Limit, millis: i64) -> Standing {
            let now = Timestamp::from_millis(millis);
            for window in [MINUTE, HOUR] {
                *self.0.entry((window.millis, window.index(now))).or_default() += 1;
            }
            let tally = Tally { minute: self.counts(MINUTE, now), hour: self.counts(HOUR, now) };
            Standing::of(limit, tally, now)
        }
    }

    const START: i64 = 1_800_000_000_000;

    fn limit(text: &str) -> Limit {
        text.parse().unwrap()
    }

    #[test]
    fn a_limit_is_two_numbers_and_the_hours_is_the_larger() {
        assert_eq!(limit("10/60"), Limit { per_minute: 10, per_hour: 60 });
        for bad in ["", "10", "0/5", "10/5", "-1/5", "10/60/9", "a/b", " 1/2"] {
            assert!(bad.parse::<Limit>().is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn so_many_attempts_are_free_and_the_next_one_waits_for_the_window() {
        let mut counter = Counter::default();
        let left: Vec<_> = (0..3).map(|at| counter.attempt(limit("3/100"), START + at).remaining()).collect();
        assert_eq!(left, [2, 1, 0]);
        let standing = counter.attempt(limit("3/100"), START + 3);
        let error = standing.require().unwrap_err();
        assert_eq!((error.code, standing.limit(), standing.remaining()), ("rate_limited", 3, 0));
        assert!(matches!(error.kind, Kind::RateLimited(60..=120)), "{error:?}");
    }

    #[test]
    fn a_burst_at_the_end_of_a_window_weighs_on_the_next() {
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
    fn whoever_goes_on_waits_longer() {
        let mut counter = Counter::default();
        // Two a minute are fine, for a while.
        for minute in 0..5 {
            for at in 0..2 {
                assert!(counter.attempt(limit("2/10"), START + minute * 120_000 + at).require().is_ok());
            }
        }
        let standing = counter.attempt(limit("2/10"), START + 5 * 120_000);
        assert!(standing.require().is_err() && standing.limit() == 10, "{standing:?}");
        assert!(standing.reset_seconds() > 40 * 60, "{standing:?}");
    }

    proptest! {
        /// The promise of Retry-After, and that it is no longer than it has to be.
        #[test]
        fn whoever_waits_as_told_is_let_in_and_a_second_and_a_half_earlier_is_not(
            minute in 1u32..12, more in 0u32..40, gaps in prop::collection::vec(0i64..90_000, 1..80),
        ) {
            let limit = Limit { per_minute: minute, per_hour: minute + more };
            let (mut counter, mut now) = (Counter::default(), START);
            for gap in gaps {
                now += gap;
                let standing = counter.attempt(limit, now);
                if standing.require().is_err() {
                    let wait = i64::from(standing.reset_seconds()) * 1000;
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

        /// However the attempts lie, no minute on the clock lets in more than the limit.
        #[test]
        fn no_fixed_minute_lets_in_more_than_the_limit(most in 1u32..9, gaps in prop::collection::vec(0i64..20_000, 1..200)) {
            let limit = Limit { per_minute: most, per_hour: 1_000 };
            let (mut counter, mut now) = (Counter::default(), START);
            let mut let_in: HashMap<i64, u32> = HashMap::new();
            for gap in gaps {
                now += gap;
                if counter.attempt(limit, now).require().is_ok() {
                    *let_in.entry(now / MINUTE.millis).or_default() += 1;
                }
            }
            prop_assert!(let_in.values().all(|count| *count <= most), "{let_in:?}");
        }
    }
}
