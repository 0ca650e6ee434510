//! Use case: change parts of a product.

use aws_kit::{ConditionFailures, Idempotency, Idempotent};
use values::{ExpectedVersion, ProductId, Result, Trace};

use crate::{CatalogService, Listing, Patch, RevisionKind};

impl CatalogService {
    /// Patches a product that is at the `expected` version. 412 `version_mismatch`. 2 round trips.
    pub async fn patch(
        &self,
        id: ProductId,
        expected: &ExpectedVersion,
        patch: Patch,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let patch = &patch;
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.listing_at_version(id, Some(expected)).await?;
            let (content, stock) = patch.clone().apply(before.content())?;
            self.replacement(&before, &content, &stock, RevisionKind::Patched, trace).await.map(Into::into)
        };
        self.write_listing(id, idempotency, decide).await
    }
}
