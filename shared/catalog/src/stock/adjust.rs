//! Use case: adjust stock by hand or by an import. Sales change stock in the transactions of their orders.

use aws_kit::{CommitError, Idempotency, Idempotent, Transaction};
use values::{Error, ProductId, Result, Trace};

use crate::product::save::product_archived;
use crate::{CatalogService, Listing, Offer, StockAdjustment, StockMovement};

/// How often an adjustment is attempted while sales change the stock. This is enough unless a SKU is sold hundreds of
/// times a second.
const MAX_ATTEMPTS: usize = 40;

impl CatalogService {
    /// Sets or changes the stock of a product's SKU, and logs the movement. 2 round trips, 1 more for each concurrent
    /// update; 409 `changed_meanwhile` if there are too many.
    pub async fn adjust_stock(
        &self,
        id: ProductId,
        adjustment: &StockAdjustment,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let result = self.try_adjust(id, adjustment, trace, idempotency).await;
        self.or_earlier(result, idempotency).await
    }

    async fn try_adjust(
        &self,
        id: ProductId,
        adjustment: &StockAdjustment,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let listing = self.listing_at_version(id, adjustment.version.as_ref()).await?;
        adjustment.check_offer_changes(&listing)?;
        let mut before = listing.countable_offer(adjustment.sku.as_ref())?.clone();
        for _ in 0..MAX_ATTEMPTS {
            if adjustment.import_line.is_some() && adjustment.import_line == before.counted_by {
                return Ok(Idempotent::Fresh(listing.with_offer(before)));
            }
            let was = before.available;
            let available = adjustment.change.apply_to(was)?;
            let mut writes = Transaction::new();
            let counted_by = adjustment.import_line.clone().or_else(|| before.counted_by.clone());
            let after = Offer { available, stock_version: before.stock_version + 1, counted_by, ..before };
            let offer_slot = writes.add(self.catalog.adjust_offer(&after)?);
            let version = adjustment.version.as_ref().map(|_| listing.product.version);
            let version_slot = version.map(|version| self.catalog.check_version(id, version)).transpose()?;
            let version_slot = version_slot.map(|write| writes.add(write));
            writes.add(self.catalog.put_movement(&self.movement(adjustment, was, &after, trace))?);
            let committed = self.commit(writes, listing.with_offer(after), idempotency).await;
            self.catalog.evict(id);
            let Err(CommitError::ConditionFailed(failures)) = committed else { return Ok(committed?) };
            if version_slot.is_some_and(|slot| failures.of(slot).is_some()) {
                return Err(Error::version_mismatch("product"));
            }
            // The failed condition returns the current row, so the next attempt needs no read.
            let current = failures.of(offer_slot).map(|failure| failure.row::<Offer>()).transpose()?.flatten();
            before = current.ok_or_else(|| Error::from(CommitError::ConditionFailed(failures)))?;
            if !before.is_active() {
                return Err(product_archived());
            }
            adjustment.check_offer_changes(&listing.with_offer(before.clone()))?;
        }
        Err(Error::conflict("changed_meanwhile", "Too many concurrent updates of this stock. Try again later."))
    }

    fn movement(&self, adjustment: &StockAdjustment, was: u32, after: &Offer, trace: &Trace) -> StockMovement {
        let (pieces, kind) = ((was, after.available), adjustment.change.into());
        let movement = StockMovement::of_change(&after.sku, pieces, after.stock_version, kind, self.clock.now(), trace);
        StockMovement { reason: adjustment.reason.clone(), ..movement }
    }
}
