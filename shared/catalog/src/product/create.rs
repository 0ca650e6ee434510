//! Use case: create a product. Its row, an offer for each SKU, history and event are written in one transaction.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent, Transaction};
use values::{Result, Trace};

use crate::RevisionKind;
use crate::product::save::{OTHER_WRITES, WRITES_OF_NEW};
use crate::product::sku_claims::ClaimedSkus;
use crate::{CatalogService, Draft, Listing};

impl CatalogService {
    /// Creates a product. 409 `sku_taken`, also if an archived product has the SKU, or if another SKU differs in letter case only. 1 round
    /// trip, 1 more for a category that this execution environment has not seen lately, 2 more for a new category, and 2 more for more
    /// than 32 SKUs.
    pub async fn create(
        &self,
        draft: Draft,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Listing>> {
        // An invalid draft cannot have succeeded before, so no stored response is looked up.
        draft.check(self.currency)?;
        let draft = &draft;
        let decide = |_: Option<ConditionFailures>| async move {
            self.catalog.ensure_category(&draft.content.category, self.clock.now()).await?;
            let listing = Listing::new(draft, self.clock.mint(), self.clock.now())?;
            let (mut writes, mut claimed_skus) = (Transaction::new(), ClaimedSkus::default());
            writes.add(self.catalog.put_product(&listing.product)?.when("attribute_not_exists(pk)"));
            for offer in listing.offers() {
                self.add_new_offer(&mut writes, offer, &mut claimed_skus, trace)?;
            }
            let count = OTHER_WRITES + WRITES_OF_NEW * listing.offers().count();
            self.claim_skus(&mut writes, count, &mut claimed_skus, &listing).await?;
            self.add_history_and_event(&mut writes, None, &listing, RevisionKind::Created, trace)?;
            let changes = Changes::new(writes, listing);
            Ok(changes.or_refuse(move |failures| claimed_skus.refusal(failures, &draft.content)).into())
        };
        self.write().run_idempotent(idempotency, decide).await
    }
}
