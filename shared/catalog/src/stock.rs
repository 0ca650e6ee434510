//! Stock counted or moved by hand. Sales move it in their orders' transactions.

use aws_kit::{CommitError, Idempotency, Idempotent, Transaction};
use values::{Error, ExpectedVersion, ProductId, Result, Sku, Text, Trace};

use crate::products::archived;
use crate::{Listing, Moved, Offer, Products};

/// The most pieces of one SKU.
const MOST_PIECES: u32 = 1_000_000;
/// How often a count is made anew because the stock moved meanwhile: more often than a count meets sales, where a SKU is not
/// sold hundreds of times a second.
const MOST_ROUNDS: usize = 40;

/// How stock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Counted: so many there are.
    Set(u32),
    /// Moved: so many more, or fewer.
    Delta(i32),
    /// Counted elsewhere, and brought by an import: so many there are.
    Import(u32),
}

impl Movement {
    /// How many there are after it. 409 `stock_negative` below 0, 422 above a million.
    pub fn from(self, available: u32) -> Result<u32> {
        match self {
            Self::Set(pieces) => check_pieces("set", pieces),
            Self::Import(pieces) => check_pieces("stock.available", pieces),
            Self::Delta(delta) => {
                let pieces = i64::from(available) + i64::from(delta);
                let pieces = u32::try_from(pieces).map_err(|_| negative(available))?;
                // What was brought back may stand above the bound; only an addition is held to it.
                if delta > 0 { check_pieces("delta", pieces) } else { Ok(pieces) }
            }
        }
    }
}

/// A change of stock as an admin asks for it.
#[derive(Debug, Clone)]
pub struct Recount {
    /// Of which SKU; the product's own without it.
    pub sku: Option<Sku>,
    /// How.
    pub movement: Movement,
    /// Why, for the record.
    pub reason: Option<Text<200>>,
    /// Only while the product is at that version. The minor version counts the changes of its offers.
    pub version: Option<ExpectedVersion>,
    /// The line of an import that counts: once, however often it is read.
    pub line: Option<String>,
}

impl Recount {
    /// Of the product's own SKU, whatever was before.
    pub fn of(movement: Movement) -> Self {
        Self { sku: None, movement, reason: None, version: None, line: None }
    }

    /// Fails with 412 `version_mismatch` if the caller has read other stock than this.
    fn check_minor_version(&self, listing: &Listing) -> Result<()> {
        let (version, minor) = (listing.product.version, listing.moves());
        match self.version.as_ref().is_none_or(|expected| expected.matches_minor(version, minor)) {
            true => Ok(()),
            false => Err(Error::version_mismatch("stock")),
        }
    }
}

impl Products {
    /// Sets or moves the stock of a product's SKU, and logs it. 2 round trips, 1 more for each change that came between; 409
    /// `changed_meanwhile` where they do not end.
    pub async fn recount(
        &self,
        id: ProductId,
        recount: &Recount,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let tried = self.try_recount(id, recount, trace, idempotency).await;
        self.or_earlier(tried, idempotency).await
    }

    async fn try_recount(
        &self,
        id: ProductId,
        recount: &Recount,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        let listing = self.at_version(id, recount.version.as_ref()).await?;
        recount.check_minor_version(&listing)?;
        let mut before = listing.counted(recount.sku.as_ref())?.clone();
        for _ in 0..MOST_ROUNDS {
            if recount.line.is_some() && recount.line == before.counted_by {
                return Ok(Idempotent::Fresh(listing.with(before)));
            }
            let was = before.available;
            let available = recount.movement.from(was)?;
            let mut writes = Transaction::new();
            let counted_by = recount.line.clone().or_else(|| before.counted_by.clone());
            let after = Offer { available, stock_version: before.stock_version + 1, counted_by, ..before };
            let counted = writes.add(self.catalog.count(&after)?);
            let held = recount
                .version
                .as_ref()
                .map(|_| self.catalog.check_version(id, listing.product.version))
                .transpose()?;
            let held = held.map(|write| writes.add(write));
            writes.add(self.catalog.log(&self.movement(recount, was, &after, trace))?);
            let committed = self.commit(writes, listing.with(after), idempotency).await;
            self.catalog.forget(id);
            let Err(CommitError::ConditionFailed(refusals)) = committed else { return Ok(committed?) };
            if held.is_some_and(|slot| refusals.of(slot).is_some()) {
                return Err(Error::version_mismatch("product"));
            }
            // The refusal brings the row that refused: the next try is made at once, before it is of yesterday, too.
            let now = refusals.of(counted).map(|refused| refused.row::<Offer>()).transpose()?.flatten();
            before = now.ok_or_else(|| Error::from(CommitError::ConditionFailed(refusals)))?;
            if !before.is_active() {
                return Err(archived());
            }
            recount.check_minor_version(&listing.with(before.clone()))?;
        }
        Err(Error::conflict("changed_meanwhile", "This stock changes all the time. Try again when less of it is sold."))
    }

    fn movement(&self, recount: &Recount, was: u32, after: &Offer, trace: &Trace) -> Moved {
        let (pieces, kind) = ((was, after.available), recount.movement.into());
        let moved = Moved::by_hand(&after.sku, pieces, after.stock_version, kind, self.clock.now(), trace);
        Moved { reason: recount.reason.clone(), ..moved }
    }
}

impl Listing {
    /// The offer whose pieces are counted: that of the SKU, or the only one.
    fn counted(&self, sku: Option<&Sku>) -> Result<&Offer> {
        let Some(sku) = sku else { return self.lead.check_single("sku").map(|()| &self.lead) };
        let offer =
            self.offer(sku).ok_or_else(|| Error::invalid("sku", "sku_unknown", "is not a SKU of this product"))?;
        offer.check_single("sku").map(|()| offer)
    }

    /// With an offer as it is now.
    fn with(&self, offer: Offer) -> Self {
        let mut now = self.clone();
        match now.variants.iter_mut().find(|there| there.sku == offer.sku) {
            Some(there) => *there = offer,
            None => now.lead = offer,
        }
        now
    }
}

/// Refuses more than there is room for.
pub(crate) fn check_pieces(field: &str, pieces: u32) -> Result<u32> {
    match pieces <= MOST_PIECES {
        true => Ok(pieces),
        false => Err(Error::invalid(field, "stock_out_of_range", format!("must be from 0 to {MOST_PIECES}"))),
    }
}

fn negative(available: u32) -> Error {
    let facts = [("available".to_owned(), available.into())].into_iter().collect();
    Error::conflict("stock_negative", format!("There are {available}; stock does not go below 0.")).with_facts(
        "delta",
        "stock_negative",
        "takes more than there is",
        facts,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stock_never_goes_below_nothing() {
        assert_eq!(Movement::Delta(-3).from(3).unwrap(), 0);
        assert_eq!(Movement::Delta(-4).from(3).unwrap_err().code, "stock_negative");
        assert_eq!(Movement::Delta(i32::MIN).from(3).unwrap_err().code, "stock_negative");
        assert_eq!(Movement::Set(0).from(3).unwrap(), 0);
        assert!(Movement::Set(MOST_PIECES + 1).from(3).is_err() && Movement::Delta(1).from(MOST_PIECES).is_err());
    }

    proptest! {
        #[test]
        fn a_delta_and_its_opposite_leave_stock_as_it_was(available in 0u32..=MOST_PIECES, delta in -1000i32..=1000) {
            if let Ok(there) = Movement::Delta(delta).from(available) {
                prop_assert_eq!(Movement::Delta(-delta).from(there).unwrap(), available);
            }
        }
    }
}
