//! Use case: claim the SKUs of earlier releases in all letter cases, so that no new SKU differs from them in letter case only. Of two old
//! SKUs that do, the older product's has the claim; both stay as they are.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use values::{Error, ProductId, Result, Sku};

use crate::normalize::progress::Undecided;
use crate::product::offer_store::SkuClaim;
use crate::{CatalogService, Product};

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
    /// Claims the SKUs of products: the number of new claims, and the SKUs that differ from another one in letter case only. 1 round trip
    /// per 100 SKUs, and 1 write for each new claim.
    pub(crate) async fn claim_old_skus(&self, products: &[Product]) -> Result<(u64, Vec<Undecided>)> {
        let skus = products.iter().flat_map(|product| product.skus().map(|sku| (sku.clone(), product.id)));
        let skus: Vec<(Sku, ProductId)> = skus.collect();
        let (mut claimed, mut undecided) = (0, Vec::new());
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
            for outcome in outcomes {
                match outcome {
                    Outcome::Claimed => claimed += 1,
                    Outcome::Known => {}
                    Outcome::Undecided(line) => undecided.push(line),
                }
            }
        }
        Ok((claimed, undecided))
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
