//! What a sandbox remembers of products, so that a page that everybody looks at costs no read. Bounded; what is told of a
//! product is kept for minutes, what it costs and how many there are for seconds. Pure: whoever asks says what time it is.

use std::collections::HashMap;

use values::{ProductId, Timestamp};

use crate::{Listing, Product};

/// Products that are remembered, at most.
const MOST: usize = 2_000;
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
pub(crate) enum Found {
    /// All, as it was a moment ago.
    All(Box<Listing>),
    /// What is told of it; whether it is still so, its offers say.
    Product(Box<Product>),
    /// Nothing that would still serve.
    Nothing,
}

impl Cache {
    /// What is remembered of a product.
    pub(crate) fn find(&mut self, id: ProductId, now: Timestamp) -> Found {
        if let Some(entry) = self.old.remove(&id) {
            self.put(id, entry);
        }
        let Some(entry) = self.young.get(&id) else { return Found::Nothing };
        let is_fresh = |read: Timestamp, seconds: i64| now < read.plus_seconds(seconds);
        if !is_fresh(entry.product_at, PRODUCT_SECONDS) {
            return Found::Nothing;
        }
        match is_fresh(entry.offers_at, OFFERS_SECONDS) {
            true => Found::All(Box::new(entry.listing.clone())),
            false => Found::Product(Box::new(entry.listing.product.clone())),
        }
    }

    /// Remembers what was read at `now`. The same version of a product that is remembered does not live longer by it: its row
    /// may not have been read again.
    pub(crate) fn keep(&mut self, listing: Listing, now: Timestamp) {
        let id = listing.product.id;
        let known = self.forget(id).filter(|known| known.listing.product.version == listing.product.version);
        let expired = |at: &Timestamp| now >= at.plus_seconds(PRODUCT_SECONDS);
        let product_at = known.map(|known| known.product_at).filter(|at| !expired(at)).unwrap_or(now);
        self.put(id, Entry { listing, product_at, offers_at: now });
    }

    /// Remembers nothing of a product.
    pub(crate) fn drop(&mut self, id: ProductId) {
        drop(self.forget(id));
    }

    fn forget(&mut self, id: ProductId) -> Option<Entry> {
        self.young.remove(&id).or(self.old.remove(&id))
    }

    fn put(&mut self, id: ProductId, entry: Entry) {
        if self.young.len() >= MOST / 2 {
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

    fn remembering(listing: &Listing) -> Cache {
        let mut cache = Cache::default();
        cache.keep(listing.clone(), at(0));
        cache
    }

    #[test]
    fn a_page_is_good_for_seconds_and_what_is_told_on_it_for_minutes() {
        let mug = listing();
        let mut cache = remembering(&mug);
        let id = mug.product.id;
        assert_eq!(cache.find(id, at(4)), Found::All(Box::new(mug.clone())));
        assert_eq!(cache.find(id, at(5)), Found::Product(Box::new(mug.product.clone())));
        cache.keep(mug.clone(), at(299));
        assert_eq!(cache.find(id, at(299)), Found::All(Box::new(mug.clone())));
        assert_eq!(cache.find(id, at(300)), Found::Nothing, "offers that are read again prolong nothing else");
        cache.keep(mug.clone(), at(300));
        assert_eq!(cache.find(id, at(304)), Found::All(Box::new(mug)));
        assert_eq!(cache.find(Clock::System.mint(), at(0)), Found::Nothing);
    }

    #[test]
    fn another_version_takes_the_place_of_the_one_that_is_remembered() {
        let (mug, changed) = (listing(), listing().changed(at(9), |_| {}));
        let mut cache = remembering(&mug);
        cache.keep(changed.clone(), at(200));
        assert_eq!(cache.find(mug.product.id, at(499)), Found::Product(Box::new(changed.product.clone())));
        cache.drop(mug.product.id);
        assert_eq!(cache.find(mug.product.id, at(201)), Found::Nothing);
    }

    #[test]
    fn memory_is_bounded_and_what_is_asked_for_stays() {
        let mug = listing();
        let mut cache = remembering(&mug);
        for _ in 0..5 * MOST {
            let mut other = listing();
            other.product.id = Clock::System.mint();
            cache.keep(other, at(0));
            assert!(matches!(cache.find(mug.product.id, at(0)), Found::All(_)), "everybody looks at the mug");
            assert!(cache.young.len() + cache.old.len() <= MOST);
        }
    }
}
