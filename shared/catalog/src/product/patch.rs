//! Use case: change parts of a product.

use aws_kit::{Idempotency, Idempotent};
use values::{ProductId, Result, Trace};

use crate::{Listing, Patch, Products, RevisionKind};

impl Products {
    /// Patches a product that is at `version`. 412 `version_mismatch`. 2 round trips.
    pub async fn patch(
        &self,
        id: ProductId,
        version: u64,
        patch: Patch,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let tried = self.try_patch(id, version, patch, trace, idempotency).await;
        self.or_earlier(tried, idempotency).await
    }

    async fn try_patch(
        &self,
        id: ProductId,
        version: u64,
        patch: Patch,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let before = self.at_version(id, Some(version)).await?;
        let (sheet, stock) = patch.apply(before.sheet())?;
        self.rewrite(before, sheet, &stock, RevisionKind::Patched, trace, idempotency).await
    }
}
