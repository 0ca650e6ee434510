//! Stock counted or moved by hand. Sales move it in their orders' transactions.

use aws_kit::{Attempt, Backoff, CommitError, Idempotency, Transaction};
use events::{Envelope, Event, StockChanged};
use values::{Error, ProductId, Result, Sku, Text, Trace};

use crate::{Listing, Offer, Products};

/// The most pieces of one SKU.
const MOST_PIECES: u32 = 1_000_000;

/// How stock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Counted: so many there are.
    Set(u32),
    /// Moved: so many more, or fewer.
    Delta(i32),
}

impl Movement {
    /// How many there are after it. 409 `stock_negative` below 0, 422 above a million.
    pub fn from(self, available: u32) -> Result<u32> {
        match self {
            Self::Set(pieces) => check_pieces("set", pieces),
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
    /// Only while the product is at that version.
    pub version: Option<u64>,
}

impl Products {
    /// Sets or moves the stock of a product's SKU. 2 round trips, 1 more for each change that came between.
    pub async fn recount(
        &self,
        id: ProductId,
        recount: &Recount,
        trace: &Trace,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>> {
        let tried = self.try_recount(id, recount, trace, once).await;
        self.or_earlier(tried, once).await
    }

    async fn try_recount(
        &self,
        id: ProductId,
        recount: &Recount,
        trace: &Trace,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>> {
        let Listing { product, offer: mut before } = self.at_version(id, recount.version).await?;
        if recount.sku.as_ref().is_some_and(|sku| *sku != before.sku) {
            return Err(Error::invalid("sku", "sku_unknown", "is not a SKU of this product"));
        }
        let mut backoff = Backoff::start();
        loop {
            let available = recount.movement.from(before.available)?;
            let mut writes = Transaction::new();
            let counted = writes.add(self.catalog.count(&before, recount.movement, available)?);
            let held = recount.version.map(|version| self.catalog.check_version(id, version)).transpose()?;
            let held = held.map(|write| writes.add(write));
            let after = Offer { available, stock_version: before.stock_version + 1, ..before };
            let told = self.tell_stock(&after, recount.reason.as_ref(), trace);
            let answer = Listing { product: product.clone(), offer: after };
            match self.commit(writes, &told, answer, once).await {
                Err(CommitError::Refused(refusals)) => {
                    if held.is_some_and(|slot| refusals.of(slot).is_some()) {
                        return Err(Error::version_mismatch("product"));
                    }
                    let now = refusals.of(counted).map(|refused| refused.row::<Offer>()).transpose()?.flatten();
                    match now {
                        Some(now) if backoff.wait().await => before = now,
                        _ => return Err(CommitError::Refused(refusals).into()),
                    }
                }
                done => return Ok(done?),
            }
        }
    }

    fn tell_stock(&self, after: &Offer, reason: Option<&Text<200>>, trace: &Trace) -> Envelope {
        let event = Event::StockChanged(StockChanged {
            product_id: after.product_id,
            sku: after.sku.clone(),
            available: after.available,
            reason: reason.map(|reason| reason.as_str().to_owned()),
        });
        Envelope::new(&self.clock, trace, &after.sku, after.stock_version, event)
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
