//! The facets of searches without words and filters: each visitor's first page. They are computed once for each price list.

use std::sync::{Mutex, PoisonError};

use catalog::PriceList;

use crate::facets::Facets;

/// A shop has fewer markets.
const MAX_LISTS: usize = 32;

/// Facets by price list; without one, those of the prices of all offers.
#[derive(Debug, Default)]
pub(crate) struct FacetCache(Mutex<Vec<(Option<PriceList>, Facets)>>);

impl FacetCache {
    pub(crate) fn contains(&self, list: Option<&PriceList>) -> bool {
        self.with(|known| known.iter().any(|(other, _)| other.as_ref() == list))
    }

    pub(crate) fn get(&self, list: Option<&PriceList>) -> Option<Facets> {
        self.with(|known| known.iter().find(|(other, _)| other.as_ref() == list).map(|(_, facets)| facets.clone()))
    }

    /// Keeps facets, unless there are some or there is no room.
    pub(crate) fn insert(&self, list: Option<&PriceList>, facets: &Facets) {
        self.with(|known| {
            if known.len() < MAX_LISTS && !known.iter().any(|(other, _)| other.as_ref() == list) {
                known.push((list.cloned(), facets.clone()));
            }
        });
    }

    fn with<T>(&self, access: impl FnOnce(&mut Vec<(Option<PriceList>, Facets)>) -> T) -> T {
        access(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_price_list_has_its_own_facets() {
        let (cache, uk) =
            (FacetCache::default(), PriceList { list: Default::default(), currency: "GBP".parse().unwrap() });
        cache.insert(None, &Facets::default());
        assert!(cache.contains(None) && !cache.contains(Some(&uk)) && cache.get(Some(&uk)).is_none());
        cache.insert(Some(&uk), &Facets::default());
        assert_eq!((cache.get(Some(&uk)), cache.get(None)), (Some(Facets::default()), Some(Facets::default())));
    }
}
