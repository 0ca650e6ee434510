//! How many pieces the buckets of offers have. The numbers are shown, and refuse nothing: the buckets are read one after another, so pieces
//! that a rebalance moves meanwhile may be missing.

use std::time::Instant;

use values::{Result, Sku};

use crate::flash::buckets::{BucketCount, MAX_BUCKETS_OF_PRODUCT};
use crate::flash::store::Buckets;
use crate::{Catalog, Listing, Offer};

impl Catalog {
    /// Counts the buckets of those of these offers that have some, as they were some seconds ago at most. Offers behind the first 1,024
    /// buckets stay as they are, and show their bounds. No round trip if all are remembered, else 1.
    pub async fn count(&self, offers: Vec<&mut Offer>) -> Result<()> {
        let (mut unknown, now) = (Vec::new(), Instant::now());
        for offer in offers {
            let Some(buckets) = offer.buckets() else { continue };
            match self.memory(|memory| memory.buckets.count(&offer.sku, buckets, now)) {
                Some(count) => set_count(offer, count),
                None => unknown.push(offer),
            }
        }
        self.count_now(unknown).await
    }

    /// The same as they are now. 1 round trip if an offer has buckets.
    pub(crate) async fn count_now(&self, offers: Vec<&mut Offer>) -> Result<()> {
        let (mut bucketed, mut room) = (Vec::new(), MAX_BUCKETS_OF_PRODUCT);
        for offer in offers {
            let buckets = usize::from(offer.buckets().unwrap_or(0));
            if buckets > 0 && buckets <= room {
                room -= buckets;
                bucketed.push(offer);
            }
        }
        if bucketed.is_empty() {
            return Ok(());
        }
        let mut found = {
            let mut wanted: Vec<(&Sku, u16)> = Vec::new();
            for offer in &bucketed {
                let sku = &offer.sku;
                wanted.extend(offer.all_buckets().map(|bucket| (sku, bucket)));
            }
            self.read_buckets_of(&wanted).await?
        };
        let now = Instant::now();
        for offer in bucketed {
            let buckets = found.remove(&offer.sku).unwrap_or_default();
            let pieces = buckets.values().map(|bucket| bucket.available).sum();
            let count = BucketCount { pieces, sales: buckets.values().map(|bucket| bucket.stock_version).sum() };
            let number = offer.buckets().unwrap_or(0);
            self.memory(|memory| memory.buckets.note_count(&offer.sku, number, count, now));
            self.note_buckets(&offer.sku, offer.all_buckets(), &buckets, now);
            set_count(offer, count);
        }
        Ok(())
    }

    /// A listing with the pieces of its buckets as they are now. 1 round trip if an offer has buckets.
    pub(crate) async fn counted(&self, mut listing: Listing) -> Result<Listing> {
        self.count_now(listing.offers_mut().collect()).await?;
        Ok(listing)
    }

    /// Remembers what buckets had when they were read. Those without a row are empty.
    pub(crate) fn note_buckets(&self, sku: &Sku, read: impl IntoIterator<Item = u16>, buckets: &Buckets, now: Instant) {
        self.memory(|memory| {
            for number in read {
                let pieces = buckets.get(&number).map_or(0, |bucket| bucket.available);
                memory.buckets.note(sku, number, pieces, now);
            }
        });
    }
}

fn set_count(offer: &mut Offer, count: BucketCount) {
    if let Some(flash) = &mut offer.flash {
        flash.counted = Some(count);
    }
}
