//! Use case: adjust stock by hand or by an import. Sales change stock in the transactions of their orders.

use std::sync::OnceLock;

use aws_kit::{Changes, ConditionFailures, Decision, Idempotency, Idempotent, Transaction};
use values::{Error, ProductId, Result, Trace};

use crate::product::save::product_archived;
use crate::{CatalogService, Listing, Offer, StockAdjustment, StockMovement};

impl CatalogService {
    /// Sets or changes the stock of a product's SKU, and logs the movement. 2 round trips, 1 more for each concurrent
    /// update; 412 `version_mismatch`; 409 `too_many_concurrent_updates`.
    pub async fn adjust_stock(
        &self,
        id: ProductId,
        adjustment: &StockAdjustment,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let first_read = OnceLock::new();
        let first_read = &first_read;
        let decide = |failed: Option<ConditionFailures>| async move {
            let (listing, before) = self.read_offer(id, adjustment, failed, first_read).await?;
            if adjustment.import_line.is_some() && adjustment.import_line == before.counted_by {
                return Ok(Decision::Unchanged(listing));
            }
            let was = before.available;
            let available = adjustment.change.apply_to(was)?;
            let counted_by = adjustment.import_line.clone().or_else(|| before.counted_by.clone());
            let after = Offer { available, stock_version: before.stock_version + 1, counted_by, ..before };
            let mut writes = Transaction::new();
            // `read_offer` expects this write to be the first one.
            writes.add(self.catalog.adjust_offer(was, &after)?);
            let version_slot = match &adjustment.version {
                Some(_) => Some(writes.add(self.catalog.check_version(id, listing.product.version)?)),
                None => None,
            };
            writes.add(self.catalog.put_movement(&self.movement(adjustment, was, &after, trace))?);
            let refusal = move |failures: &ConditionFailures| {
                let is_other_version = version_slot.is_some_and(|slot| failures.of(slot).is_some());
                Ok(is_other_version.then(|| Error::version_mismatch("product")))
            };
            Ok(Changes::new(writes, listing.with_offer(after)).or_refuse(refusal).into())
        };
        self.write_product(id, idempotency, decide).await
    }

    /// The listing and the offer that is to be adjusted. After a concurrent update, the failed condition has the
    /// current row of the offer, so the listing is not read again.
    async fn read_offer(
        &self,
        id: ProductId,
        adjustment: &StockAdjustment,
        failed: Option<ConditionFailures>,
        first_read: &OnceLock<Listing>,
    ) -> Result<(Listing, Offer)> {
        let current = failed.and_then(|failed| failed.first()?.row::<Offer>().transpose()).transpose()?;
        let listing = match (current, first_read.get()) {
            (Some(current), Some(_)) if !current.is_active() => return Err(product_archived()),
            (Some(current), Some(listing)) => listing.with_offer(current),
            _ => {
                let listing = self.listing_at_version(id, adjustment.version.as_ref()).await?;
                first_read.get_or_init(|| listing.clone());
                listing
            }
        };
        adjustment.check_version(&listing)?;
        let offer = listing.countable_offer(adjustment.sku.as_ref())?.clone();
        Ok((listing, offer))
    }

    fn movement(&self, adjustment: &StockAdjustment, was: u32, after: &Offer, trace: &Trace) -> StockMovement {
        let (pieces, kind) = ((was, after.available), adjustment.change.into());
        let movement = StockMovement::of_change(&after.sku, pieces, after.stock_version, kind, self.clock.now(), trace);
        StockMovement { reason: adjustment.reason.clone(), ..movement }
    }
}
