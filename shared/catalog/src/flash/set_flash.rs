//! Use case: put the stock of a SKU into buckets, change their number, or take it back into one row.
//!
//! Emptied, switched, spread: each step leaves the stock right, so a request that died leaves a slower sale, and a repetition does the rest.
//! The switch is a new version of the product. So a change of the price at the same time fails, and never misses the buckets.

use std::time::{Duration, Instant};

use aws_kit::{ConditionFailures, Decision, Idempotent, fault};
use values::{Error, ExpectedVersion, ProductId, Result, Sku, Trace};

use crate::flash::buckets::{FlashSale, MAX_BUCKETS, MAX_BUCKETS_OF_PRODUCT};
use crate::{CatalogService, Listing, RevisionKind};

/// How long buckets are emptied, and how long the tail is spread afterwards.
const REBALANCE_TIME: Duration = Duration::from_secs(3);

impl CatalogService {
    /// Puts the stock of a product's SKU into so many buckets; 0 and 1 mean one row. Without `sku`, of the product's own. A repetition finds
    /// what is left to do. 404; 409 `product_archived`; 409 `too_many_concurrent_updates` if the sale is too busy; 412 `version_mismatch`;
    /// 422 `buckets_out_of_range`, `too_many_buckets`, `sku_unknown` or `variant_required`. 5 round trips, and 3 for each rebalance.
    pub async fn set_flash(
        &self,
        id: ProductId,
        sku: Option<&Sku>,
        buckets: u32,
        expected: Option<&ExpectedVersion>,
        trace: &Trace,
    ) -> Result<Listing> {
        let (buckets, until) = (read_buckets(buckets)?, Instant::now() + REBALANCE_TIME);
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.listing_at_version(id, expected).await?;
            let offer = before.countable_offer(sku)?.clone();
            check_sum(&before, &offer.sku, buckets)?;
            if offer.buckets() == buckets {
                return Ok(Decision::Unchanged(before));
            }
            // Buckets that are left behind must be empty, and the condition of the switch says that they still are.
            let before = match &offer.flash {
                Some(flash) if !flash.is_empty() => {
                    let emptied = self.catalog.gather(&offer.sku, u32::MAX, until).await?;
                    before.with_offer(emptied)
                }
                _ => before,
            };
            let mut after = before.with_change(self.clock.now(), |_| {});
            let version = after.product.version;
            for switched in after.offers_mut().filter(|other| other.sku == offer.sku) {
                switched.flash = buckets.map(|buckets| FlashSale::new(buckets, version));
            }
            let answer = after.clone();
            let writes = self.product_writes(&before, after, RevisionKind::FlashChanged, Vec::new(), trace)?;
            let changes = if expected.is_some() { writes.at_version() } else { writes.at_any_version(answer) };
            Ok(changes.into())
        };
        let switched = self.write_product(id, None, decide).await.map(Idempotent::into_inner)?;
        fault::point("flash.switched");
        let offer = switched.countable_offer(sku)?;
        if offer.flash.is_some() {
            self.catalog.spread(&offer.sku, Instant::now() + REBALANCE_TIME).await?;
        }
        self.catalog.evict(id);
        self.catalog.listing(id).await?.ok_or_else(|| Error::not_found("product"))
    }
}

/// The number of buckets; none for one row.
fn read_buckets(buckets: u32) -> Result<Option<u16>> {
    match u16::try_from(buckets) {
        Ok(0 | 1) => Ok(None),
        Ok(buckets) if buckets <= MAX_BUCKETS => Ok(Some(buckets)),
        _ => Err(Error::invalid("buckets", "buckets_out_of_range", format!("must be from 0 to {MAX_BUCKETS}"))),
    }
}

/// Rejects more buckets than a read of the product can count.
fn check_sum(listing: &Listing, sku: &Sku, buckets: Option<u16>) -> Result<()> {
    let others = listing.offers().filter(|offer| offer.sku != *sku).filter_map(|offer| offer.buckets());
    let sum: usize = others.chain(buckets).map(usize::from).sum();
    match sum <= MAX_BUCKETS_OF_PRODUCT {
        true => Ok(()),
        false => {
            let message = format!("the SKUs of a product may have {MAX_BUCKETS_OF_PRODUCT} buckets together");
            Err(Error::invalid("buckets", "too_many_buckets", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::shirt;

    #[test]
    fn number_of_buckets_is_limited() {
        let read = |buckets: u32| read_buckets(buckets).map_err(|error| error.fields[0].code);
        assert_eq!([0, 1, 2, 512].map(read), [Ok(None), Ok(None), Ok(Some(2)), Ok(Some(512))]);
        assert_eq!([513, 70_000].map(read), [Err("buckets_out_of_range"); 2]);
    }

    #[test]
    fn product_has_1024_buckets_at_most() {
        let mut listing = shirt();
        listing.offers_mut().for_each(|offer| offer.flash = Some(FlashSale::new(512, 1)));
        let sku = listing.main_offer.sku.clone();
        assert!(check_sum(&listing, &sku, None).is_ok());
        assert_eq!(check_sum(&listing, &sku, Some(2)).unwrap_err().fields[0].code, "too_many_buckets");
        assert!(check_sum(&listing, &listing.variants[0].sku, Some(2)).is_err(), "the main offer has 512, too");
    }
}
