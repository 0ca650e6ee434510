//! Use case: claim the SKUs of earlier releases in all letter cases, so that no new SKU differs from them in letter case only. Of two old
//! SKUs that do, the first one that the task claims has the claim, which need not be the older one; both stay as they are.

use std::collections::{BTreeSet, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use values::{Error, ProductId, Result, Sku};

use crate::normalize::progress::Undecided;
use crate::product::offer_store::SkuClaim;
use crate::{CatalogService, Offer, Product, Status};

/// The limit of a DynamoDB batch read.
const MAX_KEYS: usize = 100;
/// Writes in parallel.
const AT_ONCE: usize = 8;

/// What was found about one SKU.
enum Outcome {
    Claimed,
    Known,
    Undecided(Undecided),
}

impl CatalogService {
    /// Claims the SKUs of products: the number of new claims, and the SKUs that differ in letter case only from another one that is not
    /// archived. 1 round trip per 100 SKUs, 1 more if some differ, and 1 write for each new claim.
    pub(crate) async fn claim_old_skus(&self, products: &[Product]) -> Result<(u64, Vec<Undecided>)> {
        let skus = products.iter().flat_map(|product| product.skus().map(|sku| (sku.clone(), product.id)));
        let skus: Vec<(Sku, ProductId)> = skus.collect();
        let (mut claimed, mut all_undecided) = (0, Vec::new());
        for skus in skus.chunks(MAX_KEYS) {
            let names: Vec<Sku> = skus.iter().map(|(sku, _)| sku.clone()).collect();
            let claims = self.catalog.sku_claims(&names).await?;
            let claims: HashMap<String, SkuClaim> =
                claims.into_iter().map(|claim| (claim.sku.in_lower_case(), claim)).collect();
            let outcomes = skus.iter().map(|(sku, product)| {
                let claim = claims.get(&sku.in_lower_case()).cloned();
                async move { self.claim_old_sku(sku, *product, claim).await }
            });
            let outcomes: Vec<Outcome> = stream::iter(outcomes).buffered(AT_ONCE).try_collect().await?;
            let mut undecided = Vec::new();
            for outcome in outcomes {
                match outcome {
                    Outcome::Claimed => claimed += 1,
                    Outcome::Known => {}
                    Outcome::Undecided(line) => undecided.push(line),
                }
            }
            let existing: BTreeSet<Sku> = undecided.iter().filter_map(existing_sku).cloned().collect();
            if !existing.is_empty() {
                let existing: Vec<Sku> = existing.into_iter().collect();
                retain_for_sale(&mut undecided, &self.catalog.offers(&existing).await?);
            }
            all_undecided.extend(undecided);
        }
        Ok((claimed, all_undecided))
    }

    async fn claim_old_sku(&self, sku: &Sku, product: ProductId, claim: Option<SkuClaim>) -> Result<Outcome> {
        let claim = match claim {
            Some(claim) => claim,
            None => match self.catalog.claim_sku(sku, product)?.run().await? {
                Ok(()) => return Ok(Outcome::Claimed),
                // Another SKU was faster, for example one of the same page.
                Err(failure) => {
                    failure.row()?.ok_or_else(|| Error::internal("a claim failed its condition without a row"))?
                }
            },
        };
        Ok(compare(sku, product, claim))
    }
}

fn existing_sku(line: &Undecided) -> Option<&Sku> {
    match line {
        Undecided::Sku { existing_sku, .. } => Some(existing_sku),
        _ => None,
    }
}

/// Leaves out the lines whose existing SKU is archived: nobody can confuse it with the other one.
fn retain_for_sale(undecided: &mut Vec<Undecided>, existing: &[Offer]) {
    let is_archived = |sku: &Sku| existing.iter().any(|offer| offer.sku == *sku && offer.status == Status::Archived);
    undecided.retain(|line| !existing_sku(line).is_some_and(is_archived));
}

fn compare(sku: &Sku, product_id: ProductId, claim: SkuClaim) -> Outcome {
    match claim.sku == *sku {
        true => Outcome::Known,
        false => Outcome::Undecided(Undecided::Sku {
            sku: sku.clone(),
            product_id,
            existing_sku: claim.sku,
            existing_product_id: claim.product_id,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::listing;

    #[test]
    fn sku_that_differs_from_an_archived_one_needs_no_decision() {
        let offer = |sku: &str, status| Offer { sku: sku.parse().unwrap(), status, ..listing().main_offer };
        let line = |sku: &str| {
            let claim = SkuClaim { sku: sku.parse().unwrap(), product_id: listing().product.id };
            match compare(&sku.to_lowercase().parse().unwrap(), listing().product.id, claim) {
                Outcome::Undecided(line) => line,
                Outcome::Claimed | Outcome::Known => panic!("{sku} is another SKU"),
            }
        };
        let mut undecided = vec![line("OLD"), line("SOLD"), line("CLAIMED")];
        retain_for_sale(&mut undecided, &[offer("OLD", Status::Archived), offer("SOLD", Status::Active)]);
        assert_eq!(undecided, [line("SOLD"), line("CLAIMED")]);
    }
}
