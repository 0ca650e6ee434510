//! The products that an execution environment keeps in memory, so that a popular page needs no read. The cache is
//! bounded. It keeps texts for minutes, and prices and stock for seconds. It reads no clock: the caller passes the
//! time.

use std::collections::HashMap;

use values::{ProductId, Timestamp};

use crate::{Listing, Product};

/// The most products in the cache.
const MAX_PRODUCTS: usize = 2_000;
/// After this many seconds the product is read again, even if its offers name the same version.
const PRODUCT_SECONDS: i64 = 5 * 60;
/// Price, stock and rating are at most this many seconds old.
const OFFERS_SECONDS: i64 = 5;

/// The cache has two generations. A requested entry moves to the young generation. When the young one is full, it
/// replaces the old one, and entries that were not requested meanwhile are dropped. So popular products stay without
/// counting or sorting.
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
    /// When its offers and rating were read.
    offers_at: Timestamp,
}

/// What the cache has of a product.
#[derive(Debug, PartialEq)]
pub(crate) enum CacheResult {
    /// Product, offers and rating.
    Listing(Box<Listing>),
    /// Only the product. Its offers must be read; they tell whether the product is current.
    Product(Box<Product>),
    /// Nothing, or nothing recent enough.
    Miss,
}

impl Cache {
    /// What the cache has of a product at `now`.
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

    /// Stores a listing that was read at `now`. If the cache has the same version of the product, its age stays: its
    /// row may not have been read again.
    pub(crate) fn insert(&mut self, listing: Listing, now: Timestamp) {
        let id = listing.product.id;
        let cached = self.take(id).filter(|cached| cached.listing.product.version == listing.product.version);
        let expired = |at: &Timestamp| now >= at.plus_seconds(PRODUCT_SECONDS);
        let product_at = cached.map(|cached| cached.product_at).filter(|at| !expired(at)).unwrap_or(now);
        self.put(id, Entry { listing, product_at, offers_at: now });
    }

    /// Removes a product.
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
    fn offers_are_cached_for_seconds_and_products_for_minutes() {
        let mug = listing();
        let mut cache = cache_with(&mug);
        let id = mug.product.id;
        assert_eq!(cache.get(id, at(4)), CacheResult::Listing(Box::new(mug.clone())));
        assert_eq!(cache.get(id, at(5)), CacheResult::Product(Box::new(mug.product.clone())));
        cache.insert(mug.clone(), at(299));
        assert_eq!(cache.get(id, at(299)), CacheResult::Listing(Box::new(mug.clone())));
        assert_eq!(cache.get(id, at(300)), CacheResult::Miss, "reading offers again does not renew the product");
        cache.insert(mug.clone(), at(300));
        assert_eq!(cache.get(id, at(304)), CacheResult::Listing(Box::new(mug)));
        assert_eq!(cache.get(Clock::System.mint(), at(0)), CacheResult::Miss);
    }

    #[test]
    fn new_version_replaces_the_cached_one() {
        let (mug, changed) = (listing(), listing().with_change(at(9), |_| {}));
        let mut cache = cache_with(&mug);
        cache.insert(changed.clone(), at(200));
        assert_eq!(cache.get(mug.product.id, at(499)), CacheResult::Product(Box::new(changed.product.clone())));
        cache.remove(mug.product.id);
        assert_eq!(cache.get(mug.product.id, at(201)), CacheResult::Miss);
    }

    #[test]
    fn cache_is_bounded_and_popular_products_stay() {
        let mug = listing();
        let mut cache = cache_with(&mug);
        for _ in 0..5 * MAX_PRODUCTS {
            let mut other = listing();
            other.product.id = Clock::System.mint();
            cache.insert(other, at(0));
            assert!(
                matches!(cache.get(mug.product.id, at(0)), CacheResult::Listing(_)),
                "the mug is requested all the time"
            );
            assert!(cache.young.len() + cache.old.len() <= MAX_PRODUCTS);
        }
    }
}
