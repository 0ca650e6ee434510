//! A product that leaves the shop. Orders still speak of it, so it is kept, out of every list.

use values::{ProductId, Result, Trace};

use crate::CatalogService;
use crate::RevisionKind;

impl CatalogService {
    /// Archives a product that is at `version`: from this transaction on nobody buys it, nor any of its variants.
    /// 412 `version_mismatch`. 2 round trips.
    pub async fn archive(&self, id: ProductId, version: u64, trace: &Trace) -> Result<()> {
        let before = self.listing_at_version(id, Some(version)).await?;
        let after = before.as_archived(self.clock.now());
        self.save(&before, after, RevisionKind::Archived, Vec::new(), trace, None).await?;
        Ok(())
    }
}
