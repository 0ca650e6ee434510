//! Stock counted or moved by hand. Sales move it in their orders' transactions.

use aws_kit::{CommitError, Idempotency, Idempotent, Transaction};
use values::{Error, ProductId, Result, Trace};

use crate::product::save::archived;
use crate::{Listing, Moved, Offer, Products, Recount};

/// How often a count is made anew because the stock moved meanwhile: more often than a count meets sales, where a SKU is not
/// sold hundreds of times a second.
const MOST_ROUNDS: usize = 40;

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
        let listing = self.at_version(id, recount.version).await?;
        if recount.moves.is_some_and(|moves| moves != listing.moves()) {
            return Err(Error::version_mismatch("stock"));
        }
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
            let held = recount.version.map(|version| self.catalog.check_version(id, version)).transpose()?;
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
            if recount.moves.is_some() {
                return Err(Error::version_mismatch("stock"));
            }
        }
        Err(Error::conflict("changed_meanwhile", "This stock changes all the time. Try again when less of it is sold."))
    }

    fn movement(&self, recount: &Recount, was: u32, after: &Offer, trace: &Trace) -> Moved {
        let (pieces, kind) = ((was, after.available), recount.movement.into());
        let moved = Moved::by_hand(&after.sku, pieces, after.stock_version, kind, self.clock.now(), trace);
        Moved { reason: recount.reason.clone(), ..moved }
    }
}
