//! A product told anew from its first word to its last.

use aws_kit::{Idempotency, Idempotent};
use values::{ProductId, Result, Trace};

use crate::RevisionKind;
use crate::product::draft::check_stock;
use crate::{CatalogService, Listing, ProductContent, StockLevels};

impl CatalogService {
    /// Replaces what is told of a product that is at `version`. Its SKU stays, and the stock of every SKU that is there; new
    /// variants begin with the pieces that `stock` tells, and what is left out is archived. 412 `version_mismatch`; 409 `options_fixed` or `sku_taken`. 2 round trips.
    pub async fn replace(
        &self,
        id: ProductId,
        version: u64,
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
