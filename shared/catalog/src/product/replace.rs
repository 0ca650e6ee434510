//! A product told anew from its first word to its last.

use aws_kit::{Idempotency, Idempotent};
use values::{ProductId, Result, Trace};

use crate::RevisionKind;
use crate::product::draft::check_stock;
use crate::{Listing, Products, Sheet, Stock};

impl Products {
    /// Replaces what is told of a product that is at `version`. Its SKU stays, and the stock of every SKU that is there; new
    /// variants begin with the pieces that `stock` tells, and what is left out is archived. 412 `version_mismatch`; 409 `options_fixed` or `sku_taken`. 2 round trips.
    pub async fn replace(
        &self,
        id: ProductId,
        version: u64,
        sheet: Sheet,
        stock: &Stock,
        trace: &Trace,
    ) -> Result<Listing> {
        let before = self.at_version(id, Some(version)).await?;
        match self.rewrite(before, sheet, stock, RevisionKind::Replaced, trace, None).await? {
            Idempotent::Fresh(listing) | Idempotent::Replayed(listing) => Ok(listing),
        }
    }

    pub(crate) async fn rewrite(
        &self,
        before: Listing,
        sheet: Sheet,
        stock: &Stock,
        kind: RevisionKind,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        sheet.goods.check_follows(&before.sheet().goods)?;
        sheet.check(&before.product.sku, self.currency)?;
        check_stock(&sheet, stock)?;
        self.catalog.ensure_category(&sheet.category, self.clock.now()).await?;
        let after = before.rewritten(&sheet, stock, self.clock.now())?;
        self.save(&before, after, kind, Vec::new(), trace, idempotency).await
    }
}
