//! The transaction that all changes of a product share.

use aws_kit::{Changes, MAX_TRANSACTION_WRITES, Slot, Transaction, Write, outbox_put};
use events::{Envelope, ProductChanged};
use values::{Error, ExpectedVersion, ProductId, Result, Trace};

use crate::product::sku_claims::ClaimedSkus;
use crate::product::variants::MAX_VARIANTS;
use crate::{CatalogService, Listing, Offer, Revision, RevisionKind, Status, StockMovement};

/// For a new SKU: its offer and its first stock movement.
pub(crate) const WRITES_OF_NEW: usize = 2;
/// Product, history, event, stored response.
pub(crate) const OTHER_WRITES: usize = 4;
const _: () = assert!(
    WRITES_OF_NEW * (MAX_VARIANTS + 1) + OTHER_WRITES <= MAX_TRANSACTION_WRITES,
    "a product with all its variants must fit into one transaction"
);

/// The transaction of a product's next version.
#[derive(Debug)]
pub(crate) struct ProductWrites {
    writes: Transaction,
    /// The number of writes, with a stored response.
    count: usize,
    product_slot: Slot,
    claimed_skus: ClaimedSkus,
    after: Listing,
}

impl CatalogService {
    /// Reads the listing that is to be changed. 404; 412 if it is not at the `expected` version; 409 if it is archived.
    /// 1 round trip, 2 if the product or its newest variants are new to this execution environment.
    pub(crate) async fn listing_at_version(
        &self,
        id: ProductId,
        expected: Option<&ExpectedVersion>,
    ) -> Result<Listing> {
        let listing = self.catalog.listing(id).await?.ok_or_else(|| Error::not_found("product"))?;
        if expected.is_some_and(|expected| !expected.matches(listing.product.version)) {
            return Err(Error::version_mismatch("product"));
        }
        match listing.product.status {
            Status::Active | Status::Grouped => Ok(listing),
            Status::Archived => Err(product_archived()),
        }
    }

    /// The writes that make `after` of `before`: the product, changed and new offers, archived variants, history,
    /// event, and `more`. 422 `too_many_changes`.
    pub(crate) fn product_writes(
        &self,
        before: &Listing,
        after: Listing,
        kind: RevisionKind,
        more: Vec<Write>,
        trace: &Trace,
    ) -> Result<ProductWrites> {
        let after = after.following(before);
        let mut writes = Transaction::new();
        let product_slot = writes.add(self.catalog.put_product_over(before.product.version, &after.product)?);
        let (mut claimed_skus, mut count) = (ClaimedSkus::default(), OTHER_WRITES + more.len());
        for offer in after.offers() {
            match before.offer(&offer.sku) {
                Some(was) if was == offer => {}
                Some(was) => {
                    writes.add(self.catalog.change_offer(was, offer)?);
                    count += 1;
                }
                None => {
                    self.add_new_offer(&mut writes, offer, &mut claimed_skus, trace)?;
                    count += WRITES_OF_NEW;
                }
            }
        }
        for removed in &after.removed {
            if let Some(was) = before.offer(&removed.sku) {
                writes.add(self.catalog.change_offer(was, removed)?);
                count += 1;
            }
        }
        if count > MAX_TRANSACTION_WRITES {
            let message = "changes too many variants in one request; remove some first, then add others";
            return Err(Error { code: "too_many_changes", ..Error::invalid("variants", "too_many_changes", message) });
        }
        for write in more {
            writes.add(write);
        }
        self.add_history_and_event(&mut writes, Some(before), &after, kind, trace)?;
        Ok(ProductWrites { writes, count, product_slot, claimed_skus, after })
    }

    /// The same writes, with claims of the new SKUs in all letter cases. Fails like [`CatalogService::claim_skus`].
    pub(crate) async fn with_claims(&self, mut product: ProductWrites) -> Result<ProductWrites> {
        let ProductWrites { writes, count, claimed_skus, after, .. } = &mut product;
        self.claim_skus(writes, *count, claimed_skus, after).await?;
        Ok(product)
    }

    /// Adds the offer of a new SKU and its first stock movement. The main offer of a product with variants has no
    /// stock.
    pub(crate) fn add_new_offer(
        &self,
        writes: &mut Transaction,
        offer: &Offer,
        claimed_skus: &mut ClaimedSkus,
        trace: &Trace,
    ) -> Result<()> {
        claimed_skus.add_offer(writes.add(self.catalog.create_offer(offer)?), offer.sku.clone());
        if offer.status != Status::Grouped {
            let initial = StockMovement::initial(&offer.sku, offer.available, self.clock.now(), trace);
            writes.add(self.catalog.put_movement(&initial)?);
        }
        Ok(())
    }

    /// Adds the revision and the event of a change.
    pub(crate) fn add_history_and_event(
        &self,
        writes: &mut Transaction,
        before: Option<&Listing>,
        after: &Listing,
        kind: RevisionKind,
        trace: &Trace,
    ) -> Result<()> {
        let product = &after.product;
        let revision = Revision::of(before, after, kind, trace.actor.clone())?;
        writes.add(self.catalog.put_revision(product.id, &revision)?);
        let event = kind.event(ProductChanged { product_id: product.id, sku: product.sku.clone() });
        let envelope = Envelope::new(&self.clock, trace, product.id, product.version, event);
        writes.add(outbox_put(self.catalog.table(), &envelope)?);
        Ok(())
    }
}

impl ProductWrites {
    /// The changes of a request that expects a version. 412 `version_mismatch` after a concurrent update of the
    /// product; 409 `sku_taken`.
    pub(crate) fn at_version<'a>(self) -> Changes<'a, Listing> {
        let Self { writes, product_slot, claimed_skus, after, .. } = self;
        let content = after.content();
        Changes::new(writes, after).or_refuse(move |failures| match failures.of(product_slot) {
            Some(_) => Ok(Some(Error::version_mismatch("product"))),
            None => claimed_skus.refusal(failures, &content),
        })
    }

    /// The changes of a worker that expects no version: it decides again after each concurrent update.
    pub(crate) fn at_any_version<'a, T>(self, answer: T) -> Changes<'a, T> {
        Changes::new(self.writes, answer)
    }
}

/// The error for a change of an archived product.
pub(crate) fn product_archived() -> Error {
    Error::conflict("product_archived", "The product is archived and cannot be changed.")
}
