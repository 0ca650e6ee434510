//! Use case: read one product.

use tracing::info;
use values::{Caller, Error, Permission, ProductId, Result};

use crate::product::cache::CacheResult;
use crate::{CatalogService, Listing, Status};

impl CatalogService {
    /// Reads a product. Admins read the current state, and also archived products. All others may read a copy from
    /// memory that is some seconds old. No round trip if the copy is recent, else 1; 2 if the product is new to this
    /// execution environment or has changed.
    pub async fn read(&self, id: ProductId, caller: &Caller) -> Result<Listing> {
        let listing = match caller.may(Permission::ManageProducts) {
            true => self.catalog.listing(id).await?,
            false => self.read_cached(id).await?.filter(|listing| listing.product.status == Status::Active),
        };
        listing.ok_or_else(|| Error::not_found("product"))
    }

    /// Reads from memory, or from the table into memory.
    async fn read_cached(&self, id: ProductId) -> Result<Option<Listing>> {
        let now = self.clock.now();
        let cached = self.catalog.cached(id, now);
        // The template counts these values to measure the cache's hit rate.
        info!(cache = if matches!(cached, CacheResult::Listing(_)) { "hit" } else { "miss" }, product.id = %id, "product read");
        let fresh = match cached {
            CacheResult::Listing(listing) => return Ok(Some(*listing)),
            // The product is cached. Its offers tell whether it is current.
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

/// Old offers without the product's version cannot tell.
fn is_current(listing: &Listing) -> bool {
    listing.main_offer.product_version == Some(listing.product.version)
}
