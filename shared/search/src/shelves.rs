//! The shop's shelves as everybody sees them: what the index finds, at the prices and in the numbers of this moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use catalog::{Catalog, Category, Listing, Product, Status};
use values::{Clock, Error, Position, ProductId, Result, Timestamp};

use crate::facets::Facets;
use crate::plan::Step;
use crate::query::{Place, Query};
use crate::reader::Reader;
use crate::suggest::Suggestions;

/// Prices and stock are of this many seconds ago, at most.
const FRESH_SECONDS: i64 = 5;
/// Products that are remembered, at most; then it begins anew.
const MOST: usize = 2_000;

/// Cheap to clone; clones share the index and what they remember.
#[derive(Clone)]
pub struct Shelves {
    reader: Reader,
    catalog: Catalog,
    clock: Clock,
    recent: Arc<Mutex<HashMap<ProductId, (Timestamp, Listing)>>>,
}

/// A page of a search.
#[derive(Debug)]
pub struct Shelf {
    /// The products, in the order asked for, each with its place in it. Those that have left the shop since they were indexed are
    /// not there, so there may be fewer than asked for.
    pub listings: Vec<(Place, Listing)>,
    /// Where the next page begins.
    pub next: Option<Position>,
    /// Products on all pages.
    pub total: u64,
    /// Counts over all of them.
    pub facets: Facets,
    /// How far the words had to be stretched.
    pub step: Option<Step>,
}

impl Shelves {
    /// What `reader` finds, with the prices of that catalog.
    pub fn new(reader: Reader, catalog: Catalog, clock: Clock) -> Self {
        Self { reader, catalog, clock, recent: Arc::default() }
    }

    /// The catalog, for its connection to be warmed.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The index, to be warmed.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// A page of what is found, of a category and all below it or of any. 1 round trip, none when all that is shown was shown
    /// some seconds ago; 1 more for the category tree now and then, 2 more for products that the index has not followed yet.
    pub async fn find(&self, query: Query, category: Option<&Category>) -> Result<Shelf> {
        let categories = match category {
            Some(category) => self.catalog.subtree(category, self.clock.now()).await?,
            None => Vec::new(),
        };
        let categories = categories.iter().map(|category| category.as_str().to_owned()).collect();
        let found = self.reader.index().await?.find(&Query { categories, ..query })?;
        let products = found.hits.iter().map(|hit| serde_json::from_str(&hit.shown).map_err(Error::internal));
        let mut fresh = self.fresh(products.collect::<Result<_>>()?).await?;
        let listings = found.hits.iter().filter_map(|hit| Some((hit.place, fresh.remove(&hit.place.id())?))).collect();
        let next = found.next.map(|place| place.position());
        Ok(Shelf { listings, next, total: found.total, facets: found.facets, step: found.step })
    }

    /// What may be meant by what was typed so far.
    pub async fn suggest(&self, typed: &str, limit: usize) -> Result<Suggestions> {
        self.reader.index().await?.suggest(typed, limit)
    }

    /// Products as they are now; those that are in the shop.
    async fn fresh(&self, products: Vec<Product>) -> Result<HashMap<ProductId, Listing>> {
        let now = self.clock.now();
        let mut known = self.recent(|recent| {
            let is_fresh = |product: &Product, at: Timestamp, listing: &Listing| {
                now < at.plus_seconds(FRESH_SECONDS) && listing.product.version >= product.version
            };
            let of = |product: &Product| {
                let (_, listing) = recent.get(&product.id).filter(|(at, listing)| is_fresh(product, *at, listing))?;
                Some((product.id, listing.clone()))
            };
            products.iter().filter_map(of).collect::<HashMap<_, _>>()
        });
        let unknown: Vec<Product> = products.into_iter().filter(|product| !known.contains_key(&product.id)).collect();
        if !unknown.is_empty() {
            let read = self.read(unknown).await?;
            self.recent(|recent| {
                if recent.len() + read.len() > MOST {
                    recent.clear();
                }
                recent.extend(read.iter().map(|listing| (listing.product.id, (now, listing.clone()))));
            });
            known.extend(read.into_iter().map(|listing| (listing.product.id, listing)));
        }
        known.retain(|_, listing| listing.main_offer.status != Status::Archived);
        Ok(known)
    }

    /// With offers and ratings. A product whose offer knows another version was changed since it was indexed: it is read, too.
    async fn read(&self, products: Vec<Product>) -> Result<Vec<Listing>> {
        let asked: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        let is_current = |listing: &Listing| listing.main_offer.status == Status::Archived || listing.is_consistent();
        let mut listings = self.catalog.listings(products).await?;
        listings.retain(is_current);
        let stale: Vec<ProductId> =
            asked.into_iter().filter(|id| listings.iter().all(|listing| listing.product.id != *id)).collect();
        if !stale.is_empty() {
            listings.extend(self.catalog.listings(self.catalog.products(&stale).await?).await?);
        }
        Ok(listings)
    }

    fn recent<T>(&self, look: impl FnOnce(&mut HashMap<ProductId, (Timestamp, Listing)>) -> T) -> T {
        look(&mut self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
