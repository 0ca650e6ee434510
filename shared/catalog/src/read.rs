//! One product, read.

use values::{Caller, Error, ProductId, Result};

use crate::{Listing, Products, Status};

impl Products {
    /// The product as it is now. An archived one is there for an admin alone. 1 round trip, 2 when this sandbox never saw it.
    pub async fn read(&self, id: ProductId, caller: &Caller) -> Result<Listing> {
        let listing = self.catalog.listing(id).await?;
        let shown = listing.filter(|listing| listing.product.status == Status::Active || caller.is_admin());
        shown.ok_or_else(|| Error::not_found("product"))
    }
}
