//! The products that changed in the last minute. A rebuild reads a secondary index of the table, which may lag behind
//! and would return older versions of these products.

use std::collections::{HashSet, VecDeque};

use values::{ProductId, Timestamp};

/// A secondary index of DynamoDB lags less than this.
const MAX_AGE_SECONDS: i64 = 60;
/// Ten runs of the largest size. A rebuild reads all of these products once more.
const MAX_PRODUCTS: usize = 10_000;

/// Changed products, the oldest change first.
#[derive(Debug, Default)]
pub(crate) struct RecentChanges(VecDeque<(Timestamp, ProductId)>);

impl RecentChanges {
    /// Records that these products have changed.
    pub(crate) fn add(&mut self, products: &[ProductId], now: Timestamp) {
        self.0.extend(products.iter().map(|product| (now, *product)));
        while self.0.len() > MAX_PRODUCTS
            || self.0.front().is_some_and(|(at, _)| at.plus_seconds(MAX_AGE_SECONDS) < now)
        {
            self.0.pop_front();
        }
    }

    /// Returns the products that changed within the last minute, each once.
    pub(crate) fn products(&self, now: Timestamp) -> Vec<ProductId> {
        let current = self.0.iter().filter(|(at, _)| at.plus_seconds(MAX_AGE_SECONDS) >= now);
        current.map(|(_, product)| *product).collect::<HashSet<_>>().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn product_changed_within_a_minute_is_returned_once() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (mug, tray, start) = (clock.mint(), clock.mint(), clock.now());
        let mut recent = RecentChanges::default();
        recent.add(&[mug, tray], start);
        recent.add(&[mug], start.plus_seconds(30));
        assert_eq!(HashSet::from_iter(recent.products(start.plus_seconds(60))), HashSet::from([mug, tray]));
        assert_eq!(recent.products(start.plus_seconds(60)).len(), 2);
        assert_eq!(recent.products(start.plus_seconds(61)), [mug]);
        assert!(recent.products(start.plus_seconds(91)).is_empty());
        recent.add(&[], start.plus_seconds(91));
        assert!(recent.0.is_empty(), "old changes are removed");
    }

    #[test]
    fn number_of_products_is_limited() {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let (clock, mut recent) = (Clock::fixed(now), RecentChanges::default());
        let many: Vec<ProductId> = (0..=MAX_PRODUCTS).map(|_| clock.mint()).collect();
        recent.add(&many, now);
        let known = HashSet::<_>::from_iter(recent.products(now));
        assert_eq!((known.len(), known.contains(&many[0])), (MAX_PRODUCTS, false), "the oldest change is removed");
    }
}
