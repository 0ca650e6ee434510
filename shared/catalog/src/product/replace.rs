//! Use case: replace the content of a product.

use aws_kit::{Idempotency, Idempotent};
use values::{ExpectedVersion, ProductId, Result, Trace};

use crate::RevisionKind;
use crate::product::draft::check_stock;
use crate::{CatalogService, Listing, ProductContent, StockLevels};

impl CatalogService {
    /// Replaces the content of a product that is at `version`. The product's SKU stays, and so does the stock of
    /// existing SKUs. New variants start with the pieces in `stock`; variants that are left out are archived. 412
    /// `version_mismatch`; 409 `options_fixed` or `sku_taken`. 2 round trips.
    pub async fn replace(
        &self,
        id: ProductId,
        version: &ExpectedVersion,
        content: ProductContent,
        stock: &StockLevels,
        trace: &Trace,
    ) -> Result<Listing> {
        let before = self.listing_at_version(id, Some(version)).await?;
        match self.replace_content(before, content, stock, RevisionKind::Replaced, trace, None).await? {
            Idempotent::Fresh(listing) | Idempotent::Replayed(listing) => Ok(listing),
        }
    }

    pub(crate) async fn replace_content(
        &self,
        before: Listing,
        content: ProductContent,
        stock: &StockLevels,
        kind: RevisionKind,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        content.kind.check_same_kind(&before.content().kind)?;
        content.check(&before.product.sku, self.currency)?;
        check_stock(&content, stock)?;
        self.catalog.ensure_category(&content.category, self.clock.now()).await?;
        let after = before.with_content(&content, stock, self.clock.now())?;
        self.save(&before, after, kind, Vec::new(), trace, idempotency).await
    }
}
