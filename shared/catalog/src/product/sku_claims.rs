//! SKUs that differ only in letter case are the same SKU to people, so only the first of them gets a product.
//!
//! A new SKU writes its offer, and a claim of its lower-case form. Both are in the product's transaction if they fit into it. The claims
//! of a product with more than 32 new SKUs are committed before it. If its creation fails then, the claims stay: the same spelling is
//! still free, and another spelling is refused. Old rows are not concerned: two old SKUs can differ in letter case only.

use std::collections::HashMap;

use aws_kit::{CommitError, ConditionFailures, MAX_TRANSACTION_WRITES, Slot, Transaction};
use values::{Error, ProductId, Result, Sku};

use crate::product::offer_store::SkuClaim;
use crate::product::variants::MAX_VARIANTS;
use crate::{CatalogService, Listing, ProductContent, ProductKind};

const _: () = assert!(MAX_VARIANTS < MAX_TRANSACTION_WRITES, "the claims of all SKUs must fit into one transaction");

/// The new SKUs of a transaction, to find the one that is not free.
#[derive(Debug, Default)]
pub(crate) struct ClaimedSkus {
    /// The writes of new offers.
    offers: Vec<(Slot, Sku)>,
    /// The claims of all letter cases.
    claims: Vec<(Slot, Sku)>,
}

impl CatalogService {
    /// Claims the new SKUs in all letter cases: as part of the transaction, which has `count` writes, or before it if they do not fit. 422
    /// `sku_twice`; 409 `sku_taken`. No round trip, or 2 with more than 32 new SKUs.
    pub(crate) async fn claim_skus(
        &self,
        writes: &mut Transaction,
        count: usize,
        claimed_skus: &mut ClaimedSkus,
        after: &Listing,
    ) -> Result<()> {
        let new: Vec<Sku> = claimed_skus.offers.iter().map(|(_, sku)| sku.clone()).collect();
        if new.is_empty() {
            return Ok(());
        }
        let content = after.content();
        check_distinct(&new, after, &content)?;
        if count + new.len() <= MAX_TRANSACTION_WRITES {
            claimed_skus.claims = self.add_claims(writes, new, after.product.id)?;
            return Ok(());
        }
        // A SKU that is not free would make the transaction fail, and its claims would stay.
        if let Some(offer) = self.catalog.offers(&new).await?.first() {
            return Err(in_use(&offer.sku, &content));
        }
        let mut before = Transaction::new();
        let claims = self.add_claims(&mut before, new, after.product.id)?;
        match before.commit().await {
            Ok(()) => Ok(()),
            Err(CommitError::ConditionFailed(failures)) => {
                let first = ClaimedSkus { claims, ..ClaimedSkus::default() };
                Err(first
                    .refusal(&failures, &content)?
                    .unwrap_or_else(|| Error::internal("a claim failed no condition")))
            }
            Err(CommitError::Failed(error)) => Err(error),
        }
    }

    fn add_claims(&self, writes: &mut Transaction, skus: Vec<Sku>, product: ProductId) -> Result<Vec<(Slot, Sku)>> {
        let add = |sku: Sku| Ok((writes.add(self.catalog.claim_sku(&sku, product)?), sku));
        skus.into_iter().map(add).collect()
    }
}

impl ClaimedSkus {
    /// Notes the write of a new offer.
    pub(crate) fn add_offer(&mut self, slot: Slot, sku: Sku) {
        self.offers.push((slot, sku));
    }

    /// The error for the first SKU that is not free, with its field in the request. `None` if all were free.
    pub(crate) fn refusal(&self, failures: &ConditionFailures, content: &ProductContent) -> Result<Option<Error>> {
        if let Some((_, sku)) = self.offers.iter().find(|(slot, _)| failures.of(*slot).is_some()) {
            return Ok(Some(in_use(sku, content)));
        }
        for (slot, sku) in &self.claims {
            if let Some(claim) = failures.of(*slot).map(|failure| failure.row::<SkuClaim>()).transpose()?.flatten() {
                return Ok(Some(in_use_in_other_case(sku, &claim.sku, content)));
            }
        }
        Ok(None)
    }
}

/// Rejects a new SKU that differs from another SKU of its product in letter case only.
fn check_distinct(new: &[Sku], after: &Listing, content: &ProductContent) -> Result<()> {
    let mut skus: HashMap<String, &Sku> = HashMap::new();
    // New ones last, so that one of them is named.
    let is_new = |sku: &&Sku| new.contains(sku);
    let old = after.product.skus().filter(|sku| !is_new(sku));
    for sku in old.chain(after.product.skus().filter(is_new)) {
        match skus.insert(sku.in_lower_case(), sku) {
            Some(other) if new.contains(sku) => {
                let field = format!("{}sku", field_prefix(sku, content));
                let message = format!("differs in letter case only from {other}, another SKU of the product");
                return Err(Error::invalid(&field, "sku_twice", message));
            }
            _ => {}
        }
    }
    Ok(())
}

fn field_prefix(sku: &Sku, content: &ProductContent) -> String {
    match &content.kind {
        ProductKind::Single(_) => String::new(),
        ProductKind::Variants(variant_set) => variant_set.field_prefix(sku),
    }
}

fn in_use(sku: &Sku, content: &ProductContent) -> Error {
    let error = Error::conflict("sku_taken", format!("Another product has the SKU {sku}. Choose another SKU."));
    error.with_field(format!("{}sku", field_prefix(sku, content)), "sku_taken", "belongs to another product")
}

fn in_use_in_other_case(sku: &Sku, existing: &Sku, content: &ProductContent) -> Error {
    let detail = format!("The SKU {sku} differs from the SKU {existing} in letter case only. Choose another SKU.");
    let facts = [("existingSku".to_owned(), existing.as_str().into())].into_iter().collect();
    let message = format!("differs in letter case only from {existing}");
    let field = format!("{}sku", field_prefix(sku, content));
    Error::conflict("sku_taken", detail).with_facts(&field, "sku_taken", message, facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::{listing, shirt};

    fn sku(text: &str) -> Sku {
        text.parse().unwrap()
    }

    /// The field and the code for shirts whose SKUs are these.
    fn refused(own: &str, variants: [&str; 2], new: &[&str]) -> Option<(String, &'static str)> {
        let mut shirt = shirt();
        shirt.product.sku = sku(own);
        for (at, text) in variants.into_iter().enumerate() {
            shirt.product.variants[at].sku = sku(text);
        }
        let new: Vec<Sku> = new.iter().map(|text| sku(text)).collect();
        let error = check_distinct(&new, &shirt, &shirt.content()).err()?;
        Some((error.fields[0].field.clone(), error.fields[0].code))
    }

    #[test]
    fn new_sku_differs_from_all_others_of_its_product() {
        assert_eq!(refused("TEE", ["TEE-S", "TEE-M"], &["TEE", "TEE-S", "TEE-M"]), None);
        let at = |field: &str| Some((field.to_owned(), "sku_twice"));
        assert_eq!(refused("TEE", ["TEE-S", "tee-s"], &["TEE", "TEE-S", "tee-s"]), at("variants[1].sku"));
        assert_eq!(refused("TEE", ["TEE-S", "tee-s"], &["TEE-S"]), at("variants[0].sku"), "the other one is older");
        assert_eq!(refused("tee", ["TEE", "TEE-S"], &["TEE"]), at("variants[0].sku"));
        assert_eq!(refused("TEE", ["TEE-S", "tee-s"], &[]), None, "old SKUs stay usable");
    }

    #[test]
    fn refusal_names_the_existing_sku() {
        let content = listing().content();
        let error = in_use_in_other_case(&sku("BUG-X"), &sku("bug-x"), &content);
        assert_eq!((error.code, error.fields[0].field.as_str()), ("sku_taken", "sku"));
        assert!(error.detail.contains(" bug-x ") && error.fields[0].facts["existingSku"] == "bug-x", "{error:?}");
        assert_eq!(in_use(&sku("TEE-S-BLUE"), &shirt().content()).fields[0].field, "variants[1].sku");
    }
}
