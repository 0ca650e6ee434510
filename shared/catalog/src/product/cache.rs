//! What a sandbox remembers of products, so that a page that everybody looks at costs no read. Bounded; what is told of a
//! product is kept for minutes, what it costs and how many there are for seconds. Pure: whoever asks says what time it is.

use std::collections::HashMap;

use values::{ProductId, Timestamp};

use crate::{Listing, Product};

/// CatalogService that are remembered, at most.
const MAX_PRODUCTS: usize = 2_000;
/// What is told of a product is looked at anew after so many seconds, whatever its offers say.
const PRODUCT_SECONDS: i64 = 5 * 60;
/// Price, stock and rating are of this many seconds ago, at most.
const OFFERS_SECONDS: i64 = 5;

/// Two generations of entries: what is asked for moves into the young one, and when that is full it becomes the old one, whose
/// entries nobody asked for meanwhile are gone. So the busiest stay, and nothing has to be counted or sorted.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    young: HashMap<ProductId, Entry>,
    old: HashMap<ProductId, Entry>,
}

#[derive(Debug)]
struct Entry {
    listing: Listing,
    /// When the product was read.
    product_at: Timestamp,
    /// When all the rest was.
    offers_at: Timestamp,
}

/// What is remembered of a product.
#[derive(Debug, PartialEq)]
pub(crate) enum CacheResult {
    /// All, as it was a moment ago.
    Listing(Box<Listing>),
    /// What is told of it; whether it is still so, its offers say.
    Product(Box<Product>),
    /// Nothing that would still serve.
    Miss,
}

impl Cache {
    /// What is remembered of a product.
    pub(crate) fn get(&mut self, id: ProductId, now: Timestamp) -> CacheResult {
        if let Some(entry) = self.old.remove(&id) {
            self.put(id, entry);
        }
        let Some(entry) = self.young.get(&id) else { return CacheResult::Miss };
        let is_fresh = |read: Timestamp, seconds: i64| now < read.plus_seconds(seconds);
        if !is_fresh(entry.product_at, PRODUCT_SECONDS) {
            return CacheResult::Miss;
        }
        match is_fresh(entry.offers_at, OFFERS_SECONDS) {
            true => CacheResult::Listing(Box::new(entry.listing.clone())),
            false => CacheResult::Product(Box::new(entry.listing.product.clone())),
        }
    }

    /// Remembers what was read at `now`. The same version of a product that is remembered does not live longer by it: its row
    /// may not have been read again.
    pub(crate) fn insert(&mut self, listing: Listing, now: Timestamp) {
        let id = listing.product.id;
        let known = self.take(id).filter(|known| known.listing.product.version == listing.product.version);
        let expired = |at: &Timestamp| now >= at.plus_seconds(PRODUCT_SECONDS);
        let product_at = known.map(|known| known.product_at).filter(|at| !expired(at)).unwrap_or(now);
        self.put(id, Entry { listing, product_at, offers_at: now });
    }

    /// Remembers nothing of a product.
    pub(crate) fn remove(&mut self, id: ProductId) {
        drop(self.take(id));
    }

    fn take(&mut self, id: ProductId) -> Option<Entry> {
        self.young.remove(&id).or(self.old.remove(&id))
    }

    fn put(&mut self, id: ProductId, entry: Entry) {
        if self.young.len() >= MAX_PRODUCTS / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::listing;
    use values::Clock;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000).plus_seconds(seconds)
    }

    fn cache_with(listing: &Listing) -> Cache {
        let mut cache = Cache::default();
        cache.insert(listing.clone(), at(0));
        cache
    }

    #[test]
    fn a_page_is_good_for_seconds_and_what_is_told_on_it_for_minutes() {
        let mug = listing();
        let mut cache = cache_with(&mug);
        let id = mug.product.id;
        assert_eq!(cache.get(id, at(4)), CacheResult::Listing(Box::new(mug.clone())));
        assert_eq!(cache.get(id, at(5)), CacheResult::Product(Box::new(mug.product.clone())));
        cache.insert(mug.clone(), at(299));
        assert_eq!(cache.get(id, at(299)), CacheResult::Listing(Box::new(mug.clone())));
        assert_eq!(cache.get(id, at(300)), CacheResult::Miss, "offers that are read again prolong nothing else");
        cache.insert(mug.clone(), at(300));
        assert_eq!(cache.get(id, at(304)), CacheResult::Listing(Box::new(mug)));
        assert_eq!(cache.get(Clock::System.mint(), at(0)), CacheResult::Miss);
    }

    #[test]
    fn another_version_takes_the_place_of_the_one_that_is_remembered() {
        let (mug, changed) = (listing(), listing().with_change(at(9), |_| {}));
        let mut cache = cache_with(&mug);
        cache.insert(changed.clone(), at(200));
        assert_eq!(cache.get(mug.product.id, at(499)), CacheResult::Product(Box::new(changed.product.clone())));
        cache.remove(mug.product.id);
        assert_eq!(cache.get(mug.product.id, at(201)), CacheResult::Miss);
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let mug = listing();
        let mut cache = cache_with(&mug);
        for _ in 0..5 * MAX_PRODUCTS {
            let mut other = listing();
            other.product.id = Clock::System.mint();
            cache.insert(other, at(0));
            assert!(matches!(cache.get(mug.product.id, at(0)), CacheResult::Listing(_)), "everybody looks at the mug");
            assert!(cache.young.len() + cache.old.len() <= MAX_PRODUCTS);
        }
    }
}
