//! A product that leaves the shop. Orders still speak of it, so it is kept, out of every list.

use events::Event;
use values::{ProductId, Result, Trace};

use crate::{Listing, Offer, Product, Products, Status};

impl Products {
    /// Archives a product that is at `version`: from this transaction on nobody buys it. 412 `version_mismatch`.
    /// 2 round trips.
    pub async fn archive(&self, id: ProductId, version: u64, trace: &Trace) -> Result<()> {
        let before = self.at_version(id, Some(version)).await?;
        let Listing { product, offer } = before.clone();
        let product =
            Product { status: Status::Archived, version: product.version + 1, updated_at: self.clock.now(), ..product };
        let after = Listing { product, offer: Offer { status: Status::Archived, ..offer } };
        self.save(&before, after, Event::ProductArchived, trace, None).await?;
        Ok(())
    }
}
