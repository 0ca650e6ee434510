//! A change of price, status or most pieces of an order reaches the buckets of an offer before it is answered.
//!
//! The product's transaction writes the offer, so all readers see the change. Then each bucket is written alone, which moves no pieces. Until
//! then a bucket sells at the old price, to customers who saw it. A crash leaves the rest to a repeated request, to the orders that need the
//! new price, and to housekeeping.

use aws_kit::fault::mutant;
use aws_kit::{ConditionFailures, Decision, Idempotency, Idempotent, fault};
use futures::future::try_join_all;
use values::{PageRequest, ProductId, Result, Sku};

use crate::{Catalog, CatalogService, Listing, Offer, Status};

/// Buckets that are written at the same time.
const WRITES_AT_ONCE: usize = 32;
/// Offers per read of the list of bucketed offers.
const PAGE: u32 = 100;

impl Catalog {
    /// Writes the terms of an offer to those of its `buckets` that are behind, 32 at a time. Buckets without a row get them with their first
    /// pieces.
    pub(crate) async fn write_terms(&self, offer: &Offer, buckets: &[u16]) -> Result<()> {
        let Some(flash) = offer.flash.as_ref().filter(|_| !mutant("buckets_keep_price")) else { return Ok(()) };
        for chunk in buckets.chunks(WRITES_AT_ONCE) {
            try_join_all(chunk.iter().map(|bucket| self.write_terms_of(offer, flash.terms, *bucket))).await?;
        }
        Ok(())
    }

    async fn write_terms_of(&self, offer: &Offer, terms: u64, bucket: u16) -> Result<()> {
        // A failed condition: there is no row, or it has these terms or newer ones.
        self.put_terms(offer, terms, bucket)?.run().await.map(drop)
    }

    /// The SKUs of all bucketed offers with the product of each, some moments behind the table. 1 round trip for 100 offers.
    pub(crate) async fn bucketed_skus(&self) -> Result<Vec<(Sku, ProductId)>> {
        let (mut found, mut request) = (Vec::new(), PageRequest { limit: PAGE, after: None });
        loop {
            let page = self.list_bucketed(&request).await?;
            found.extend(page.rows);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// The bucketed offers of a product, removed variants included. 2 round trips, 1 if there are none.
    async fn bucketed_offers_of(&self, product: ProductId) -> Result<Vec<Offer>> {
        let listed = self.bucketed_skus().await?;
        let skus: Vec<Sku> = listed.into_iter().filter(|(_, of)| *of == product).map(|(sku, _)| sku).collect();
        // A product has fewer SKUs than a batch read has keys.
        if skus.is_empty() { Ok(Vec::new()) } else { self.offers(&skus).await }
    }
}

impl Listing {
    /// The same version, with what follows from the version `before`: the variants that it removes are archived, and the buckets of offers
    /// that sell at other terms now are behind.
    pub(crate) fn following(mut self, before: &Self) -> Self {
        let is_removed = |was: &&Offer| self.offer(&was.sku).is_none();
        let archived = |was: &Offer| Offer { status: Status::Archived, ..was.clone() };
        self.removed = before.variants.iter().filter(is_removed).map(archived).collect();
        let version = self.product.version;
        let offers = std::iter::once(&mut self.main_offer).chain(&mut self.variants).chain(&mut self.removed);
        for offer in offers {
            let is_changed = before.offer(&offer.sku).is_some_and(|was| !was.sells_as(offer));
            if let Some(flash) = offer.flash.as_mut().filter(|_| is_changed) {
                flash.terms = version;
            }
        }
        self
    }

    /// The bucketed offers, removed ones included, whose terms are of this version.
    pub(crate) fn offers_with_new_terms(&self) -> Vec<Offer> {
        let version = self.product.version;
        let is_new = |offer: &&Offer| offer.flash.as_ref().is_some_and(|flash| flash.terms == version);
        self.offers().chain(&self.removed).filter(is_new).cloned().collect()
    }
}

impl CatalogService {
    /// A write of one product that may change what its offers sell at: the buckets have it before this returns. A repetition writes them
    /// again, because the first request may have ended before it wrote them all. A single write for each bucket; for a repetition 1 round
    /// trip more.
    pub(crate) async fn write_listing<'a, F, Fut>(
        &'a self,
        id: ProductId,
        idempotency: Option<&Idempotency>,
        decide: F,
    ) -> Result<Idempotent<Listing>>
    where
        F: FnMut(Option<ConditionFailures>) -> Fut,
        Fut: Future<Output = Result<Decision<'a, Listing>>>,
    {
        let written = self.write_product(id, idempotency, decide).await?;
        let behind = match &written {
            Idempotent::Fresh(listing) => listing.offers_with_new_terms(),
            // The stored response does not have the variants that were removed.
            Idempotent::Replayed(_) => self.catalog.bucketed_offers_of(id).await?,
        };
        if !behind.is_empty() {
            fault::point("flash.terms_changed");
        }
        for offer in &behind {
            self.catalog.write_terms(offer, &offer.all_buckets().collect::<Vec<_>>()).await?;
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FlashSale;
    use crate::product::listing::tests::shirt;
    use crate::product::terms::tests::eur;
    use values::Timestamp;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    #[test]
    fn buckets_are_behind_after_a_change_of_what_a_sale_depends_on() {
        let mut before = shirt();
        before.offers_mut().for_each(|offer| offer.flash = Some(FlashSale::new(32, 1)));
        let changed = |after: Listing| {
            let after = after.following(&before);
            let skus = after.offers_with_new_terms().into_iter().map(|offer| offer.sku.to_string());
            skus.collect::<Vec<_>>()
        };
        let renamed = before.with_change(now(), |_| {});
        assert_eq!(changed(renamed.clone()), [""; 0]);
        let mut dearer = renamed.clone();
        (dearer.variants[0].price, dearer.variants[0].price_version) = (eur(1), 2);
        assert_eq!(changed(dearer), ["TEE-M-RED"]);
        let mut limited = renamed.clone();
        limited.variants[1].max_per_order = Some(2);
        assert_eq!(changed(limited), ["TEE-S-BLUE"]);
        let mut smaller = renamed.clone();
        smaller.variants.remove(0);
        assert_eq!(changed(smaller.clone()), ["TEE-M-RED"], "the variant that is removed");
        assert_eq!(smaller.following(&before).removed[0].status, Status::Archived);
        assert_eq!(changed(before.as_archived(now())).len(), 3);
    }
}
