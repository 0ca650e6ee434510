//! Product search for customers: what the index finds, with current prices and stock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use catalog::{Catalog, Category, Listing, Product, Status};
use values::{Clock, Error, Position, ProductId, Result, Timestamp};

use crate::category_counts::roll_up;
use crate::facets::Facets;
use crate::query::{Query, SortKey};
use crate::query_plan::MatchLevel;
use crate::reader::Reader;
use crate::suggest::Suggestions;

/// The maximum age of prices and stock in seconds.
const MAX_AGE_SECONDS: i64 = 5;
/// The maximum number of cached products. The cache is cleared when it is full.
const MAX_CACHED_PRODUCTS: usize = 2_000;

/// Cheap to clone. Clones share the index and the cache.
#[derive(Clone)]
pub struct SearchService {
    reader: Reader,
    catalog: Catalog,
    clock: Clock,
    cache: Arc<Mutex<HashMap<ProductId, (Timestamp, Listing)>>>,
}

/// One page of a search result.
#[derive(Debug)]
pub struct SearchPage {
    /// The products in the requested order, each with its sort key. Products that left the shop after they were indexed
    /// are missing, so a page may be shorter than its limit.
    pub listings: Vec<(SortKey, Listing)>,
    /// The position of the next page.
    pub next: Option<Position>,
    /// The number of products on all pages.
    pub total: u64,
    /// Facets over all pages.
    pub facets: Facets,
    /// How closely the products match the words.
    pub match_level: Option<MatchLevel>,
}

impl SearchService {
    /// Searches the index of `reader` and takes prices and stock from `catalog`.
    pub fn new(reader: Reader, catalog: Catalog, clock: Clock) -> Self {
        Self { reader, catalog, clock, cache: Arc::default() }
    }

    /// The catalog, so that its connection can be opened at start.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The reader, so that the index can be loaded at start.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Returns a page of a search, in one category with all categories below it or in all of them. 1 round trip, or
    /// none if all products are in the cache. Now and then 1 more for the category tree, at the same time unless there is a
    /// category. 2 more for products that changed after they were indexed.
    pub async fn find(&self, query: Query, category: Option<&Category>) -> Result<SearchPage> {
        let categories = match category {
            Some(category) => self.catalog.subtree(category, self.clock.now()).await?,
            None => Vec::new(),
        };
        let categories = categories.iter().map(|category| category.as_str().to_owned()).collect();
        let result = self.reader.index().await?.find(&Query { categories, ..query })?;
        let products = result.hits.iter().map(|hit| serde_json::from_str(&hit.product_json).map_err(Error::internal));
        let mut facets = result.facets;
        // A category that a filter refuses is not offered.
        let counts = std::mem::take(&mut facets.category).into_iter();
        let counts = counts.filter_map(|count| Some((count.count, Category::from_path(&count.value)?)));
        let (counts, counted): (Vec<u32>, Vec<Category>) = counts.unzip();
        let (mut current, lineages) = futures::try_join!(
            self.current_listings(products.collect::<Result<_>>()?),
            self.catalog.lineages(&counted, self.clock.now()),
        )?;
        facets.category = roll_up(counts.into_iter().zip(lineages), category);
        let listings = result
            .hits
            .iter()
            .filter_map(|hit| Some((hit.sort_key, current.remove(&hit.sort_key.product_id())?)))
            .collect();
        let next = result.next.map(|key| key.to_position());
        Ok(SearchPage { listings, next, total: result.total, facets, match_level: result.match_level })
    }

    /// Suggests completions and products for the text that was typed so far.
    pub async fn suggest(&self, typed: &str, limit: usize) -> Result<Suggestions> {
        self.reader.index().await?.suggest(typed, limit)
    }

    /// Returns the current listings of those products that are still in the shop.
    async fn current_listings(&self, products: Vec<Product>) -> Result<HashMap<ProductId, Listing>> {
        let now = self.clock.now();
        let mut listings = self.with_cache(|cache| {
            let is_fresh = |product: &Product, at: Timestamp, listing: &Listing| {
                now < at.plus_seconds(MAX_AGE_SECONDS) && listing.product.version >= product.version
            };
            let cached = |product: &Product| {
                let (_, listing) = cache.get(&product.id).filter(|(at, listing)| is_fresh(product, *at, listing))?;
                Some((product.id, listing.clone()))
            };
            products.iter().filter_map(cached).collect::<HashMap<_, _>>()
        });
        let missing: Vec<Product> =
            products.into_iter().filter(|product| !listings.contains_key(&product.id)).collect();
        if !missing.is_empty() {
            let read = self.read_listings(missing).await?;
            self.with_cache(|cache| {
                if cache.len() + read.len() > MAX_CACHED_PRODUCTS {
                    cache.clear();
                }
                cache.extend(read.iter().map(|listing| (listing.product.id, (now, listing.clone()))));
            });
            listings.extend(read.into_iter().map(|listing| (listing.product.id, listing)));
        }
        listings.retain(|_, listing| listing.main_offer.status != Status::Archived);
        Ok(listings)
    }

    /// Reads offers and ratings. A product whose offer names another version changed after it was indexed, so the
    /// product is read, too.
    pub(crate) async fn read_listings(&self, products: Vec<Product>) -> Result<Vec<Listing>> {
        let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        let is_current = |listing: &Listing| listing.main_offer.status == Status::Archived || listing.is_consistent();
        let mut listings = self.catalog.listings(products).await?;
        listings.retain(is_current);
        let stale: Vec<ProductId> =
            ids.into_iter().filter(|id| listings.iter().all(|listing| listing.product.id != *id)).collect();
        if !stale.is_empty() {
            listings.extend(self.catalog.listings(self.catalog.products(&stale).await?).await?);
        }
        Ok(listings)
    }

    fn with_cache<T>(&self, access: impl FnOnce(&mut HashMap<ProductId, (Timestamp, Listing)>) -> T) -> T {
        access(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
