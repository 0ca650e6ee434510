//! A cache of lookups in a table: each is valid for a while, and their number is bounded.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How long a lookup is cached.
const MAX_AGE: Duration = Duration::from_secs(30);
/// The size of a cache.
pub(crate) const MAX_ENTRIES: usize = 1000;

/// Values by key, with the time at which each was read.
#[derive(Debug)]
pub(crate) struct LookupCache<K, V>(HashMap<K, (Instant, V)>);

impl<K, V> Default for LookupCache<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V> LookupCache<K, V> {
    /// The cached value; none if the table has to be read.
    pub(crate) fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).filter(|(read_at, _)| read_at.elapsed() < MAX_AGE).map(|(_, value)| value)
    }

    /// Inserts a value. A full cache loses its expired entries. If it has none, it loses all entries, which costs a read each.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, (read_at, _)| read_at.elapsed() < MAX_AGE);
        }
        if self.0.len() >= MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(key, (Instant::now(), value));
    }

    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_stays_small() {
        let mut cache = LookupCache::default();
        for number in 0..=MAX_ENTRIES {
            cache.insert(number, ());
        }
        assert!(cache.0.len() <= MAX_ENTRIES);
        assert!(cache.find(&MAX_ENTRIES).is_some(), "the newest entry stays");
    }
}
