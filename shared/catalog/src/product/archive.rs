//! Use case: archive a product. Orders still refer to it, so its row is kept, but no list contains it.

use aws_kit::ConditionFailures;
use values::{ExpectedVersion, ProductId, Result, Trace};

use crate::CatalogService;
use crate::RevisionKind;

impl CatalogService {
    /// Archives a product that is at the `expected` version. From this transaction on, neither it nor its variants can
    /// be bought. 412 `version_mismatch`. 2 round trips, and a single write for each bucket of bucketed offers.
    pub async fn archive(&self, id: ProductId, expected: &ExpectedVersion, trace: &Trace) -> Result<()> {
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.listing_at_version(id, Some(expected)).await?;
            let after = before.as_archived(self.clock.now());
            let writes = self.product_writes(&before, after, RevisionKind::Archived, Vec::new(), trace)?;
            Ok(writes.at_version().into())
        };
        self.write_listing(id, None, decide).await.map(drop)
    }
}
