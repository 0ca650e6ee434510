//! Use case: archive a product. Orders still refer to it, so its row is kept, but no list contains it.

use values::{ExpectedVersion, ProductId, Result, Trace};

use crate::CatalogService;
use crate::RevisionKind;

impl CatalogService {
    /// Archives a product that is at `version`. From this transaction on, neither it nor its variants can be bought.
    /// 412 `version_mismatch`. 2 round trips.
    pub async fn archive(&self, id: ProductId, version: &ExpectedVersion, trace: &Trace) -> Result<()> {
        let before = self.listing_at_version(id, Some(version)).await?;
        let after = before.as_archived(self.clock.now());
        self.save(&before, after, RevisionKind::Archived, Vec::new(), trace, None).await?;
        Ok(())
    }
}
