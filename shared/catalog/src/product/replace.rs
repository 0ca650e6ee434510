//! Use case: replace the content of a product.

use aws_kit::{Changes, ConditionFailures, Idempotent};
use values::{ExpectedVersion, ProductId, Result, Trace};

use crate::RevisionKind;
use crate::product::draft::check_stock;
use crate::{CatalogService, Listing, ProductContent, StockLevels};

impl CatalogService {
    /// Replaces the content of a product that is at the `expected` version. The product's SKU stays, and so does the
    /// stock of existing SKUs. New variants start with the pieces in `stock`; variants that are left out are archived.
    /// 412 `version_mismatch`; 409 `options_fixed` or `sku_taken`. 2 round trips.
    pub async fn replace(
        &self,
        id: ProductId,
        expected: &ExpectedVersion,
        content: ProductContent,
        stock: &StockLevels,
        trace: &Trace,
    ) -> Result<Listing> {
        let content = &content;
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.listing_at_version(id, Some(expected)).await?;
            self.replacement(&before, content, stock, RevisionKind::Replaced, trace).await.map(Into::into)
        };
        self.write_product(id, None, decide).await.map(Idempotent::into_inner)
    }

    /// The changes that replace the content of `before`.
    pub(crate) async fn replacement<'a>(
        &self,
        before: &Listing,
        content: &ProductContent,
        stock: &StockLevels,
        kind: RevisionKind,
        trace: &Trace,
    ) -> Result<Changes<'a, Listing>> {
        content.kind.check_same_kind(&before.content().kind)?;
        content.check(&before.product.sku, self.currency)?;
        check_stock(content, stock)?;
        self.catalog.ensure_category(&content.category, self.clock.now()).await?;
        let after = before.with_content(content, stock, self.clock.now())?;
        let writes = self.product_writes(before, after, kind, Vec::new(), trace)?;
        Ok(self.with_claims(writes).await?.at_version())
    }
}
