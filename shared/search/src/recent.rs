//! The products of the last turns: a rebuild walks an index of the table that is a moment behind, and would make of them what
//! they were before.

use std::collections::{HashSet, VecDeque};

use values::{ProductId, Timestamp};

/// No index of a table is so far behind.
const KEPT_SECONDS: i64 = 60;
/// Ten turns that are as large as they can be: a rebuild reads all of these once more.
const MOST: usize = 10_000;

/// What changed last, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<(Timestamp, ProductId)>);

impl Recent {
    /// These have changed.
    pub(crate) fn add(&mut self, products: &[ProductId], now: Timestamp) {
        self.0.extend(products.iter().map(|product| (now, *product)));
        while self.0.len() > MOST || self.0.front().is_some_and(|(at, _)| at.plus_seconds(KEPT_SECONDS) < now) {
            self.0.pop_front();
        }
    }

    /// All that changed within the last minute, each once.
    pub(crate) fn products(&self, now: Timestamp) -> Vec<ProductId> {
        let young = self.0.iter().filter(|(at, _)| at.plus_seconds(KEPT_SECONDS) >= now);
        young.map(|(_, product)| *product).collect::<HashSet<_>>().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn what_changed_within_a_minute_is_known_once() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (mug, tray, begin) = (clock.mint(), clock.mint(), clock.now());
        let mut recent = Recent::default();
        recent.add(&[mug, tray], begin);
        recent.add(&[mug], begin.plus_seconds(30));
        assert_eq!(HashSet::from_iter(recent.products(begin.plus_seconds(60))), HashSet::from([mug, tray]));
        assert_eq!(recent.products(begin.plus_seconds(60)).len(), 2);
        assert_eq!(recent.products(begin.plus_seconds(61)), [mug]);
        assert!(recent.products(begin.plus_seconds(91)).is_empty());
        recent.add(&[], begin.plus_seconds(91));
        assert!(recent.0.is_empty(), "what is old is not kept");
    }

    #[test]
    fn there_is_a_bound_to_what_is_known() {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let (clock, mut recent) = (Clock::fixed(now), Recent::default());
        let many: Vec<ProductId> = (0..=MOST).map(|_| clock.mint()).collect();
        recent.add(&many, now);
        let known = HashSet::<_>::from_iter(recent.products(now));
        assert_eq!((known.len(), known.contains(&many[0])), (MOST, false), "the oldest is forgotten");
    }
}
