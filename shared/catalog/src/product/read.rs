//! One product, read.

use tracing::info;
use values::{Caller, Error, Permission, ProductId, Result};

use crate::product::cache::CacheResult;
use crate::{CatalogService, Listing, Status};

impl CatalogService {
    /// The product. Admins read it as it is now, and archived ones too. Everybody else sees it as it was some seconds ago at
    /// most, from memory where that can be. 1 round trip, 2 for a product that this sandbox never saw, or that was changed since
    /// it did; none on a hit.
    pub async fn read(&self, id: ProductId, caller: &Caller) -> Result<Listing> {
        let listing = match caller.may(Permission::ManageProducts) {
            true => self.catalog.listing(id).await?,
            false => self.read_cached(id).await?.filter(|listing| listing.product.status == Status::Active),
        };
        listing.ok_or_else(|| Error::not_found("product"))
    }

    /// From memory, or read and remembered.
    async fn read_cached(&self, id: ProductId) -> Result<Option<Listing>> {
        let now = self.clock.now();
        let cached = self.catalog.cached(id, now);
        // The template counts these words: what part of all reads asks the database for nothing.
        info!(cache = if matches!(cached, CacheResult::Listing(_)) { "hit" } else { "miss" }, product.id = %id, "product read");
        let fresh = match cached {
            CacheResult::Listing(listing) => return Ok(Some(*listing)),
            // What is told of it is known: whether that is of today, its offers say.
            CacheResult::Product(product) => self.catalog.listing_of(*product).await?.filter(is_current),
            CacheResult::Miss => None,
        };
        let listing = match fresh {
            Some(listing) => Some(listing),
            None => self.catalog.listing(id).await?,
        };
        if let Some(listing) = &listing {
            self.catalog.cache(listing, now);
        }
        Ok(listing)
    }
}

/// Offers from before they carried the product's version say nothing.
fn is_current(listing: &Listing) -> bool {
    listing.main_offer.product_version == Some(listing.product.version)
}
