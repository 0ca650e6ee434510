//! Where an order reserves pieces of a bucketed offer: a random bucket at first, and the sold-out path when buckets are too small.
//!
//! Only the row of the offer refuses because of too few pieces: its tail and its bounds together have fewer than wanted. Each round of the
//! sold-out path finds rows, or gathers pieces in the tail, or sets bounds to 0, so it ends in rows or in a refusal. An order that dies on
//! it leaves finished rebalances.

use std::time::{Duration, Instant};

use aws_kit::fault::mutant;
use values::{Clock, Error, Kind, Result, Sku};

use crate::flash::choose_rows::{choose_bucket, choose_parts};
use crate::flash::rebalance::too_busy;
use crate::stock::reservation::refusal_of_offer;
use crate::{Catalog, Offer, Part, SaleRefusal, StockRow, Wanted};

/// What was found for a line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundRows {
    /// It can be reserved in these rows.
    Parts(Vec<Part>),
    /// It cannot be bought.
    Refused(SaleRefusal),
}

impl Catalog {
    /// A random bucket of `buckets` that is not remembered as too small. None if all are: then [`Catalog::find_any_row`] comes first.
    pub fn choose_row(&self, wanted: &Wanted<'_>, buckets: u16) -> Option<Part> {
        let known = self.memory(|memory| memory.buckets.pieces(wanted.sku, Instant::now()));
        let bucket = choose_bucket(buckets, wanted.quantity, |bucket| known.get(&bucket).copied(), random())?;
        Some(Part { row: StockRow::Bucket(bucket), pieces: wanted.quantity })
    }

    /// Remembers that a row had too few pieces for a part.
    pub fn note_short(&self, sku: &Sku, part: Part, available: u32) {
        if let StockRow::Bucket(bucket) = part.row {
            self.memory(|memory| memory.buckets.note(sku, bucket, available, Instant::now()));
        }
    }

    /// A row for an order whose buckets are all remembered as too small: the tail if it has enough, or else any bucket. An offer that is
    /// sold out costs no transaction then. 1 round trip.
    pub async fn find_any_row(&self, wanted: &Wanted<'_>) -> Result<FoundRows> {
        let offer = match self.read_for_sale(wanted).await? {
            Ok(offer) => offer,
            Err(refusal) => return Ok(FoundRows::Refused(refusal)),
        };
        let row = match offer.buckets() {
            None => StockRow::Offer,
            Some(_) if offer.available >= wanted.quantity => StockRow::Tail,
            Some(buckets) => StockRow::Bucket(fastrand::u16(0..buckets.max(1))),
        };
        Ok(FoundRows::Parts(vec![Part { row, pieces: wanted.quantity }]))
    }

    /// The sold-out path: the rows for an order that found a bucket too small or behind. All its other conditions must have held, because
    /// this may move the pieces of the whole offer. One order at a time gathers pieces, and others wait for each of its rebalances. 2 round
    /// trips, more if buckets are behind or pieces must be gathered; 503 `too_many_concurrent_updates` at `until`.
    pub async fn find_rows(&self, wanted: &Wanted<'_>, may_split: bool, until: Instant) -> Result<FoundRows> {
        let mut is_waiting = false;
        loop {
            let offer = match self.read_for_sale(wanted).await? {
                Ok(offer) => offer,
                Err(refusal) => return Ok(FoundRows::Refused(refusal)),
            };
            if Instant::now() >= until {
                return Err(unavailable_if_busy(too_busy()));
            }
            let Some(flash) = &offer.flash else {
                return Ok(FoundRows::Parts(vec![Part { row: StockRow::Offer, pieces: wanted.quantity }]));
            };
            let is_gathered = flash.is_gathered(Clock::System.now());
            if is_waiting && is_gathered {
                pause().await;
                continue;
            }
            let numbers: Vec<u16> = flash.groups_with_bound().flat_map(|group| flash.buckets_of(group)).collect();
            let buckets = self.read_buckets(wanted.sku, &numbers).await?;
            self.note_buckets(wanted.sku, numbers, &buckets, Instant::now());
            let mut behind = Vec::new();
            let mut rows = vec![(StockRow::Tail, offer.available)];
            for (number, bucket) in &buckets {
                rows.push((StockRow::Bucket(*number), bucket.available));
                if bucket.terms < flash.terms && bucket.available > 0 {
                    behind.push(*number);
                }
            }
            self.write_terms(&offer, &behind).await?;
            if let Some(parts) = choose_parts(&rows, wanted.quantity, may_split, random()) {
                return Ok(FoundRows::Parts(parts));
            }
            is_waiting = is_gathered || !self.claim_gathering(wanted.sku).await?;
            match is_waiting {
                true => pause().await,
                false => drop(self.gather(wanted.sku, wanted.quantity, until).await.map_err(unavailable_if_busy)?),
            }
        }
    }

    /// The offer, or why it cannot sell what is wanted. This is the read on which a refusal rests.
    async fn read_for_sale(&self, wanted: &Wanted<'_>) -> Result<Result<Offer, SaleRefusal>> {
        let Some(offer) = self.read_offer(wanted.sku).await? else { return Ok(Err(SaleRefusal::Unavailable)) };
        let refusal = match mutant("tail_not_counted") && offer.flash.is_some() {
            true => refusal_of_offer(&Offer { available: 0, ..offer.clone() }, wanted),
            false => refusal_of_offer(&offer, wanted),
        };
        Ok(refusal.map_or(Ok(offer), Err))
    }
}

/// Others were always faster, which is no refusal of the order.
fn unavailable_if_busy(error: Error) -> Error {
    match error.code {
        "too_many_concurrent_updates" => Error { kind: Kind::Unavailable(2), ..error },
        _ => error,
    }
}

/// Waits about as long as a rebalance takes. The length is random, so that those who wait do not read the offer at the same time.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(20..120))).await;
}

fn random() -> usize {
    fastrand::usize(..)
}
