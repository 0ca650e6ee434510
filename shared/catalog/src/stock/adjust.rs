//! Use case: adjust stock by hand or by an import. Sales change stock in the transactions of their orders.
//!
//! The pieces of a bucketed offer are added to its tail. To remove more than the tail has, or to set a number, buckets are emptied first.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aws_kit::{Changes, ConditionFailures, Decision, Idempotency, Idempotent, Transaction};
use tracing::warn;
use values::{Error, ProductId, Result, Trace};

use crate::product::save::product_archived;
use crate::stock::change::check_pieces;
use crate::{CatalogService, Listing, Offer, StockAdjustment, StockChange, StockMovement};

/// How long buckets are emptied, and how long the tail is spread afterwards.
const REBALANCE_TIME: Duration = Duration::from_secs(3);

impl CatalogService {
    /// Sets or changes the stock of a product's SKU, and logs the movement. 2 round trips, 1 more for each concurrent
    /// update, and 3 for each rebalance of a bucketed offer; 412 `version_mismatch`; 409 `too_many_concurrent_updates`.
    pub async fn adjust_stock(
        &self,
        id: ProductId,
        adjustment: &StockAdjustment,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let (first_read, until) = (&OnceLock::new(), Instant::now() + REBALANCE_TIME);
        let decide = |failed: Option<ConditionFailures>| async move {
            let (listing, before) = self.read_offer(id, adjustment, failed, first_read).await?;
            if adjustment.import_line.is_some() && adjustment.import_line == before.counted_by {
                return Ok(Decision::Unchanged(listing));
            }
            // What is refused must not empty buckets first. There are never more pieces than the bounds say.
            if !matches!(adjustment.change, StockChange::Delta(1..)) {
                adjustment.change.apply_to(before.at_most())?;
            }
            let (listing, before) = self.collect_pieces(listing, before, adjustment, until).await?;
            if let StockChange::Delta(added @ 1..) = adjustment.change {
                check_pieces("delta", before.pieces().saturating_add_signed(added))?;
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
        let adjusted = self.write_product(id, idempotency, decide).await?;
        if let Idempotent::Fresh(listing) = &adjusted {
            self.spread_again(listing, adjustment).await;
        }
        Ok(adjusted)
    }

    /// The listing and the offer with as many pieces in its tail as the adjustment needs: those to be removed, or all if a number is set.
    /// Then all bounds are 0, which the version of the stock keeps so until the adjustment is written.
    async fn collect_pieces(
        &self,
        listing: Listing,
        before: Offer,
        adjustment: &StockAdjustment,
        until: Instant,
    ) -> Result<(Listing, Offer)> {
        let needed = match adjustment.change {
            StockChange::Set(_) | StockChange::Import(_) => u32::MAX,
            StockChange::Delta(delta) => delta.min(0).unsigned_abs(),
        };
        let has_others = before.flash.as_ref().is_some_and(|flash| !flash.is_empty());
        if before.available >= needed || !has_others {
            return Ok((listing, before));
        }
        let offer = self.catalog.gather(&before.sku, needed, until).await?;
        let collected = self.catalog.counted(listing.with_offer(offer)).await?;
        // The expected version was compared before. Since then nothing but rebalances may have happened.
        let is_changed = collected.changes_without_rebalances() != listing.changes_without_rebalances();
        if adjustment.version.is_some() && is_changed {
            return Err(Error::version_mismatch("stock"));
        }
        let offer = collected.countable_offer(adjustment.sku.as_ref())?.clone();
        Ok((collected, offer))
    }

    /// Spreads the pieces that were collected to set a number. A failure leaves a slower sale, and housekeeping spreads them.
    async fn spread_again(&self, listing: &Listing, adjustment: &StockAdjustment) {
        let is_number = matches!(adjustment.change, StockChange::Set(_) | StockChange::Import(_));
        let offer = listing.countable_offer(adjustment.sku.as_ref()).ok();
        let Some(offer) = offer.filter(|offer| is_number && offer.flash.is_some()) else { return };
        if let Err(error) = self.catalog.spread(&offer.sku, Instant::now() + REBALANCE_TIME).await {
            warn!(error.code = error.code, error.cause = error.causes(), "pieces were not spread over buckets");
        }
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
            (Some(current), Some(listing)) => self.catalog.counted(listing.with_offer(current)).await?,
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
