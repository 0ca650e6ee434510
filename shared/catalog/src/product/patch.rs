//! Use case: change parts of a product.

use aws_kit::{Idempotency, Idempotent};
use values::{ExpectedVersion, ProductId, Result, Trace};

use crate::{CatalogService, Listing, Patch, RevisionKind};

impl CatalogService {
    /// Patches a product that is at `version`. 412 `version_mismatch`. 2 round trips.
    pub async fn patch(
        &self,
        id: ProductId,
        version: &ExpectedVersion,
        patch: Patch,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let result = self.try_patch(id, version, patch, trace, idempotency).await;
        self.or_earlier(result, idempotency).await
    }

    async fn try_patch(
        &self,
        id: ProductId,
        version: &ExpectedVersion,
        patch: Patch,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let before = self.listing_at_version(id, Some(version)).await?;
        let (content, stock) = patch.apply(before.content())?;
        self.replace_content(before, content, &stock, RevisionKind::Patched, trace, idempotency).await
    }
}
