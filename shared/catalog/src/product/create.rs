//! A new product: its row, an offer for each SKU, its history and the event, in one transaction.

use aws_kit::{CommitError, Idempotency, Idempotent, Transaction};
use values::{Result, Trace};

use crate::RevisionKind;
use crate::product::save::Taken;
use crate::{Draft, Listing, Products};

impl Products {
    /// Puts a product into the shop. 409 `sku_taken`, also by an archived product. 1 round trip; 1 more for a category that this
    /// sandbox did not see lately, and 1 for one that is new.
    pub async fn create(
        &self,
        draft: Draft,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        // What is no product was not made before either, so nobody is asked for it.
        draft.check(self.currency)?;
        let tried = self.try_create(draft, trace, idempotency).await;
        self.or_earlier(tried, idempotency).await
    }

    async fn try_create(
        &self,
        draft: Draft,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        self.catalog.ensure_category(&draft.sheet.category, self.clock.now()).await?;
        let listing = Listing::begin(&draft, self.clock.mint(), self.clock.now())?;
        let (mut writes, mut taken) = (Transaction::new(), Taken::default());
        writes.add(self.catalog.put_product(&listing.product)?.when("attribute_not_exists(pk)"));
        for offer in listing.offers() {
            self.put_on_sale(&mut writes, offer, &mut taken, trace)?;
        }
        self.record(&mut writes, None, &listing, RevisionKind::Created, trace)?;
        match self.commit(writes, listing, idempotency).await {
            Err(CommitError::ConditionFailed(refusals)) => Err(taken.refusal(&refusals, &draft.sheet)),
            done => Ok(done?),
        }
    }
}
