//! Declined payments, counted for an hour from the first one. Whoever tests stolen cards is declined often.

use aws_kit::Write;
use serde::Deserialize;
use values::{Result, Timestamp};

/// How long declines are counted.
const SECONDS: i64 = 3600;

/// The part of an update expression that [`Declines::count_one`] binds. It goes after `SET`.
pub const SET_DECLINES: &str = "declines = :declines, declinesSince = :since";

/// The declines in a row that counts them, with whatever else it counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declines {
    #[serde(default)]
    declines: u32,
    /// When the first of them was counted, in seconds.
    #[serde(default)]
    declines_since: i64,
}

impl Declines {
    /// Declines that were counted after this second still count.
    pub fn counted_after(now: Timestamp) -> i64 {
        now.seconds() - SECONDS
    }

    /// Are there `limit` or more?
    pub fn reach(self, limit: u32, now: Timestamp) -> bool {
        self.count(now) >= limit
    }

    /// The seconds until they are forgotten; at least one.
    pub fn forgotten_in(self, now: Timestamp) -> u32 {
        let seconds = self.declines_since - Self::counted_after(now);
        u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
    }

    /// Binds [`SET_DECLINES`] of an update so that it counts one more, on condition that the row still has these.
    pub fn count_one(self, write: Write, now: Timestamp) -> Result<Write> {
        let next = self.plus_one(now);
        let write = write.value(":declines", next.declines)?.value(":since", next.declines_since)?;
        match self.declines {
            0 => Ok(write.when("attribute_not_exists(declines)")),
            was => write
                .when("declines = :was AND declinesSince = :wasSince")
                .value(":was", was)?
                .value(":wasSince", self.declines_since),
        }
    }

    fn count(self, now: Timestamp) -> u32 {
        if self.declines_since > Self::counted_after(now) { self.declines } else { 0 }
    }

    fn plus_one(self, now: Timestamp) -> Self {
        match self.count(now) {
            0 => Self { declines: 1, declines_since: now.seconds() },
            count => Self { declines: count.saturating_add(1), ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declines_are_counted_for_an_hour_from_the_first() {
        let at = |seconds: i64| Timestamp::from_millis((1_800_000_000 + seconds) * 1000);
        let first = Declines::default().plus_one(at(0));
        assert_eq!((first.declines, first.forgotten_in(at(0))), (1, 3600));
        let second = first.plus_one(at(3599));
        assert_eq!((second.declines, second.forgotten_in(at(3599))), (2, 1));
        assert!(second.reach(2, at(3599)) && !second.reach(3, at(3599)) && !second.reach(1, at(3600)));
        assert_eq!(second.plus_one(at(3600)), Declines { declines: 1, declines_since: at(3600).seconds() });
    }
}
