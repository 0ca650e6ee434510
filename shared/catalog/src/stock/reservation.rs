//! What an order reserves of a SKU, in which rows, and why a reservation failed. Pure.

use aws_kit::ConditionFailure;
use values::{Error, Result, Sku};

use crate::flash::buckets::Bucket;
use crate::{BuyerKind, Offer, SaleRefusal};

/// The pieces of a SKU that an order wants. `quantity` is the sum of all its lines of the SKU.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub sku: &'a Sku,
    pub quantity: u32,
    /// The version of the price that the customer saw.
    pub price_version: u64,
    pub buyer: BuyerKind,
}

/// A row with pieces of a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockRow {
    /// The row of an offer that is not in buckets, as far as the caller knows.
    Offer,
    /// The row of a bucketed offer, with the pieces that are in no bucket.
    Tail,
    /// The bucket with this number.
    Bucket(u16),
}

/// The pieces that a line of an order reserves in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub row: StockRow,
    pub pieces: u32,
}

/// Why a reservation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationFailure {
    /// The order is refused.
    Refused(SaleRefusal),
    /// The offer is in so many buckets, and the caller knew of none.
    Bucketed(u16),
    /// The row had too few pieces, or terms that are behind. Other rows may have more, so nothing is refused.
    Short { available: u32 },
}

/// Reads from the failed condition of [`crate::Catalog::reserve_stock`] why the reservation of this part failed. Only the row of the offer
/// refuses because of too few pieces.
pub fn read_reservation_failure(
    failure: &ConditionFailure,
    wanted: &Wanted<'_>,
    part: Part,
) -> Result<ReservationFailure> {
    match part.row {
        StockRow::Bucket(_) => {
            let bucket = failure.row::<Bucket>()?;
            Ok(bucket.map_or(ReservationFailure::Short { available: 0 }, |bucket| failure_of_bucket(&bucket, wanted)))
        }
        StockRow::Offer | StockRow::Tail => match failure.row::<Offer>()? {
            Some(offer) => failure_of_offer(&offer, wanted, part.row),
            None => Ok(ReservationFailure::Refused(SaleRefusal::Unavailable)),
        },
    }
}

/// Why an offer cannot sell what is wanted; none if it can, perhaps from its buckets.
pub(crate) fn refusal_of_offer(offer: &Offer, wanted: &Wanted<'_>) -> Option<SaleRefusal> {
    let max = offer.max_per_order(wanted.buyer);
    if offer.is_active() && wanted.quantity > max {
        return Some(SaleRefusal::TooManyPerOrder { max });
    }
    offer.check_sale(wanted.quantity, wanted.price_version)
}

fn failure_of_offer(offer: &Offer, wanted: &Wanted<'_>, row: StockRow) -> Result<ReservationFailure> {
    match (refusal_of_offer(offer, wanted), offer.buckets()) {
        (Some(refusal), _) => Ok(ReservationFailure::Refused(refusal)),
        (None, Some(buckets)) if row == StockRow::Offer => Ok(ReservationFailure::Bucketed(buckets)),
        (None, Some(_)) => Ok(ReservationFailure::Short { available: offer.available }),
        (None, None) => {
            Err(Error::internal(format!("the sale of {} failed its condition, but its offer allows it", offer.sku)))
        }
    }
}

/// A closed bucket never opens again, and a price version never comes back. The most pieces of an order can rise again, and a bucket that
/// is not in use keeps the old number, so only the row of the offer refuses because of it.
fn failure_of_bucket(bucket: &Bucket, wanted: &Wanted<'_>) -> ReservationFailure {
    if !bucket.is_active() {
        return ReservationFailure::Refused(SaleRefusal::Unavailable);
    }
    if bucket.price_version > wanted.price_version {
        let (now, price_version) = (bucket.price, bucket.price_version);
        return ReservationFailure::Refused(SaleRefusal::PriceChanged { now, price_version });
    }
    ReservationFailure::Short { available: bucket.available }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::listing;
    use crate::{FlashSale, Status};

    fn wanted(sku: &Sku, quantity: u32) -> Wanted<'_> {
        Wanted { sku, quantity, price_version: 2, buyer: BuyerKind::Account }
    }

    /// 3 pieces in the row of the offer, and `bound` in buckets at most.
    fn offer(bound: Option<u32>) -> Offer {
        let flash = bound.map(|bound| FlashSale { bounds: vec![bound], ..FlashSale::new(32, 1) });
        Offer { price_version: 2, flash, ..listing().main_offer }
    }

    #[test]
    fn offer_refuses_what_its_tail_and_its_bounds_have_not() {
        let failed = |bound, quantity, row| {
            let offer = offer(bound);
            failure_of_offer(&offer, &wanted(&offer.sku, quantity), row).ok()
        };
        let refused = |available| Some(ReservationFailure::Refused(SaleRefusal::InsufficientStock { available }));
        assert_eq!(failed(None, 4, StockRow::Offer), refused(3));
        assert_eq!(failed(None, 3, StockRow::Offer), None, "a failure that the row does not explain");
        assert_eq!(failed(Some(5), 9, StockRow::Offer), refused(8));
        assert_eq!(failed(Some(5), 9, StockRow::Tail), refused(8));
        assert_eq!(failed(Some(5), 3, StockRow::Offer), Some(ReservationFailure::Bucketed(32)));
        assert_eq!(failed(Some(5), 8, StockRow::Tail), Some(ReservationFailure::Short { available: 3 }));
    }

    #[test]
    fn bucket_refuses_by_what_is_final_and_never_by_its_pieces() {
        let offer = offer(Some(9));
        let bucket = |price_version| Bucket {
            available: 1,
            price: offer.price,
            price_version,
            status: Status::Active,
            max_per_order: Some(4),
            terms: 1,
            stock_version: 0,
        };
        let failed = |bucket: &Bucket, quantity| failure_of_bucket(bucket, &wanted(&offer.sku, quantity));
        let short = ReservationFailure::Short { available: 1 };
        assert_eq!((failed(&bucket(2), 2), failed(&bucket(1), 2), failed(&bucket(1), 5)), (short, short, short));
        let dearer = SaleRefusal::PriceChanged { now: offer.price, price_version: 3 };
        assert_eq!(failed(&bucket(3), 5), ReservationFailure::Refused(dearer));
        assert_eq!(failed(&bucket(2), 5), short, "an order may have more today");
        let closed = Bucket { status: Status::Archived, ..bucket(2) };
        assert_eq!(failed(&closed, 1), ReservationFailure::Refused(SaleRefusal::Unavailable));
    }
}
