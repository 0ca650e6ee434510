//! The upsert of one imported line: it creates a product, changes one, or finds it unchanged.

use std::collections::HashMap;

use aws_kit::ConditionFailures;
use values::{Error, ProductId, Result, Sku, Trace};

use crate::RevisionKind;
use crate::{
    CatalogService, Draft, Listing, Offer, Product, Rating, Status, StockAdjustment, StockChange, StockLevels,
};

/// Attempts to change a product while others change it.
const MAX_ATTEMPTS: u32 = 4;

/// The result of an upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpsertOutcome {
    /// The product is new.
    Created,
    /// Its content or its stock was changed.
    Updated,
    /// The product was the same already.
    Unchanged,
}

/// What a SKU names.
#[derive(Debug, Clone)]
pub(crate) enum SkuState {
    /// Nothing.
    Free,
    /// A product with this SKU.
    Product(Box<Listing>),
    /// A variant of another product.
    Variant,
}

impl CatalogService {
    /// What SKUs name, 100 at most. 2 round trips, some more for products with variants; 1 if all SKUs are free.
    pub(crate) async fn sku_states(&self, skus: &[Sku]) -> Result<HashMap<Sku, SkuState>> {
        let offers = self.catalog.offers(skus).await?;
        let ids: Vec<ProductId> = offers.iter().map(|offer| offer.product_id).collect();
        let products = if ids.is_empty() { Vec::new() } else { self.catalog.products(&unique(ids)).await? };
        let (single, with_variants): (Vec<Product>, Vec<Product>) =
            products.into_iter().partition(|product| product.variants.is_empty());
        let mut offers: HashMap<Sku, Offer> = offers.into_iter().map(|offer| (offer.sku.clone(), offer)).collect();
        let mut states: HashMap<Sku, SkuState> = skus.iter().map(|sku| (sku.clone(), SkuState::Free)).collect();
        // An import does not need ratings, so they are not read.
        let single_listing = |product: Product, main_offer: Offer| Listing {
            product,
            main_offer,
            variants: Vec::new(),
            rating: Rating::default(),
            removed: Vec::new(),
        };
        let single = single
            .into_iter()
            .filter_map(|product| offers.remove(&product.sku).map(|main_offer| single_listing(product, main_offer)));
        let mut listings: Vec<Listing> = single.collect();
        listings.extend(self.catalog.listings(with_variants).await?);
        for listing in listings {
            offers.remove(&listing.main_offer.sku);
            let listing =
                if listing.is_consistent() { Some(listing) } else { self.catalog.listing(listing.product.id).await? };
            if let Some(listing) = listing {
                states.insert(listing.product.sku.clone(), SkuState::Product(Box::new(listing)));
            }
        }
        // The other offers were written while they were read, or belong to a product with another SKU.
        for (sku, offer) in offers {
            let state = match self.catalog.listing(offer.product_id).await? {
                Some(listing) if listing.product.sku == sku => SkuState::Product(Box::new(listing)),
                _ => SkuState::Variant,
            };
            states.insert(sku, state);
        }
        Ok(states)
    }

    /// Upserts a draft; `state` is what its SKU named before. 1 round trip for a new product or a changed content, 2
    /// more for each SKU whose stock is set, none for an unchanged product. An outage can be retried; any other error
    /// rejects the line.
    pub(crate) async fn upsert(&self, draft: &Draft, mut state: SkuState, trace: &Trace) -> Result<UpsertOutcome> {
        draft.check(self.currency())?;
        for _ in 0..MAX_ATTEMPTS {
            let was_free = matches!(state, SkuState::Free);
            let result = match state {
                SkuState::Free => self.create(draft.clone(), trace, None).await.map(|_| UpsertOutcome::Created),
                SkuState::Product(listing) => self.update(*listing, draft, trace).await,
                SkuState::Variant => return Err(is_sku_in_use(&draft.sku)),
            };
            let Err(error) = result else { return result };
            // The write has used its budget: the import pauses at its checkpoint instead of losing the slice.
            if error.code == "too_many_concurrent_updates" {
                return Err(Error::unavailable("product", error));
            }
            let is_conflict = error.code == "version_mismatch";
            let was_created_meanwhile = was_free && error.code == "sku_taken";
            if !(is_conflict || was_created_meanwhile) {
                return Err(error);
            }
            state = self.sku_state(&draft.sku).await?;
            // Its own SKU is free, so the SKU of one of its variants is taken.
            if error.code == "sku_taken" && matches!(state, SkuState::Free) {
                return Err(error);
            }
        }
        Err(Error::unavailable("product", "too many concurrent updates"))
    }

    async fn sku_state(&self, sku: &Sku) -> Result<SkuState> {
        let state = self.sku_states(std::slice::from_ref(sku)).await?.remove(sku);
        Ok(state.unwrap_or(SkuState::Free))
    }

    async fn update(&self, before: Listing, draft: &Draft, trace: &Trace) -> Result<UpsertOutcome> {
        if before.product.status == Status::Archived {
            let detail = format!("The product with the SKU {} is archived and cannot be changed.", draft.sku);
            return Err(Error::conflict("product_archived", detail).with_field(
                "sku",
                "product_archived",
                "is archived",
            ));
        }
        let mut outcome = UpsertOutcome::Unchanged;
        let id = before.product.id;
        let current = match before.content() == draft.content {
            true => before,
            false => {
                outcome = UpsertOutcome::Updated;
                // The stock of new variants is set below, with the import line.
                let (before, content, no_stock) = (&before, &draft.content, &StockLevels::new());
                let decide = |failed: Option<ConditionFailures>| async move {
                    // The line is decided again from the rows of the concurrent update.
                    if failed.is_some() {
                        return Err(Error::version_mismatch("product"));
                    }
                    let changes = self.replacement(before, content, no_stock, RevisionKind::Replaced, trace);
                    changes.await.map(Into::into)
                };
                self.write_listing(id, None, decide).await?.into_inner()
            }
        };
        for (sku, pieces) in &draft.stock {
            // The pieces of buckets are not known here, so those of a bucketed offer are always set.
            let is_other = |offer: &&Offer| offer.flash.is_some() || offer.pieces() != *pieces;
            let differs = |offer: &&Offer| is_other(offer) && offer.counted_by != draft.import_line;
            if current.offer(sku).filter(differs).is_some() {
                let adjustment =
                    StockAdjustment { sku: Some(sku.clone()), ..StockAdjustment::new(StockChange::Import(*pieces)) };
                let adjustment = StockAdjustment { import_line: draft.import_line.clone(), ..adjustment };
                self.adjust_stock(id, &adjustment, trace, None).await?;
                outcome = UpsertOutcome::Updated;
            }
        }
        Ok(outcome)
    }
}

fn is_sku_in_use(sku: &Sku) -> Error {
    let error = Error::conflict(
        "sku_taken",
        format!("The SKU {sku} belongs to a variant of another product. Use another SKU."),
    );
    error.with_field("sku", "sku_taken", "belongs to another product")
}

fn unique(mut ids: Vec<ProductId>) -> Vec<ProductId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
