//! What a line says becomes so: a new product, another one than before, or nothing, when it was so already.

use std::collections::HashMap;

use aws_kit::Idempotent;
use values::{Error, ProductId, Result, Sku, Trace};

use crate::RevisionKind;
use crate::{Draft, Listing, Movement, Offer, Product, Products, Rating, Recount, Status, Stock};

/// Looks at a product that others change meanwhile.
const LOOKS: u32 = 4;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// There is a product more.
    Created,
    /// The product is another, or counted anew.
    Updated,
    /// The product was so already.
    Unchanged,
}

/// What stands under a SKU.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// Nothing.
    Free,
    /// A product of that SKU.
    There(Box<Listing>),
    /// A variant of another product.
    Variant,
}

impl Products {
    /// What stands under SKUs, 100 at most. 2 round trips, and some more for products with variants; 1 where nothing stands.
    pub(crate) async fn standing(&self, skus: &[Sku]) -> Result<HashMap<Sku, Standing>> {
        let offers = self.catalog.offers(skus).await?;
        let ids: Vec<ProductId> = offers.iter().map(|offer| offer.product_id).collect();
        let products = if ids.is_empty() { Vec::new() } else { self.catalog.products(&unique(ids)).await? };
        let (plain, ranged): (Vec<Product>, Vec<Product>) =
            products.into_iter().partition(|product| product.variants.is_empty());
        let mut offers: HashMap<Sku, Offer> = offers.into_iter().map(|offer| (offer.sku.clone(), offer)).collect();
        let mut standing: HashMap<Sku, Standing> = skus.iter().map(|sku| (sku.clone(), Standing::Free)).collect();
        // Nobody imports what customers think, so that is not read.
        let alone =
            |product: Product, lead: Offer| Listing { product, lead, variants: Vec::new(), rating: Rating::default() };
        let plain =
            plain.into_iter().filter_map(|product| offers.remove(&product.sku).map(|lead| alone(product, lead)));
        let mut listings: Vec<Listing> = plain.collect();
        listings.extend(self.catalog.listings(ranged).await?);
        for listing in listings {
            offers.remove(&listing.lead.sku);
            let whole =
                if listing.is_whole() { Some(listing) } else { self.catalog.listing(listing.product.id).await? };
            if let Some(listing) = whole {
                standing.insert(listing.product.sku.clone(), Standing::There(Box::new(listing)));
            }
        }
        // What is left over was read while it was written, or belongs to a product of another SKU.
        for (sku, offer) in offers {
            let stands = match self.catalog.listing(offer.product_id).await? {
                Some(listing) if listing.product.sku == sku => Standing::There(Box::new(listing)),
                _ => Standing::Variant,
            };
            standing.insert(sku, stands);
        }
        Ok(standing)
    }

    /// Makes it so, from what stood there a moment ago. 1 round trip for a new product or another sheet, 2 more for each SKU that
    /// is counted anew, none for what is so already. An outage is worth another try; all other errors are the line's.
    pub(crate) async fn bring(&self, draft: &Draft, mut stands: Standing, trace: &Trace) -> Result<Done> {
        draft.check(self.currency())?;
        for _ in 0..LOOKS {
            let was_free = matches!(stands, Standing::Free);
            let tried = match stands {
                Standing::Free => self.create(draft.clone(), trace, None).await.map(|_| Done::Created),
                Standing::There(listing) => self.change(*listing, draft, trace).await,
                Standing::Variant => return Err(taken(&draft.sku)),
            };
            let Err(error) = tried else { return tried };
            let is_passing = matches!(error.code, "version_mismatch" | "changed_meanwhile");
            let was_overtaken = was_free && error.code == "sku_taken";
            if !(is_passing || was_overtaken) {
                return Err(error);
            }
            stands = self.stands(&draft.sku).await?;
            // Nobody has its own SKU: it is a variant's that is taken.
            if error.code == "sku_taken" && matches!(stands, Standing::Free) {
                return Err(error);
            }
        }
        Err(Error::unavailable("product", "it was changed again and again"))
    }

    async fn stands(&self, sku: &Sku) -> Result<Standing> {
        let standing = self.standing(std::slice::from_ref(sku)).await?.remove(sku);
        Ok(standing.unwrap_or(Standing::Free))
    }

    async fn change(&self, before: Listing, draft: &Draft, trace: &Trace) -> Result<Done> {
        if before.product.status == Status::Archived {
            let detail = format!("The product with the SKU {} is archived, and stays so.", draft.sku);
            return Err(Error::conflict("product_archived", detail).with_field(
                "sku",
                "product_archived",
                "is archived",
            ));
        }
        let mut done = Done::Unchanged;
        let id = before.product.id;
        let now = match before.sheet() == draft.sheet {
            true => before,
            false => {
                done = Done::Updated;
                // The pieces of new variants are counted below, by name of the line.
                let changed = self
                    .rewrite(before, draft.sheet.clone(), &Stock::new(), RevisionKind::Replaced, trace, None)
                    .await?;
                let (Idempotent::Fresh(after) | Idempotent::Replayed(after)) = changed;
                after
            }
        };
        for (sku, pieces) in &draft.stock {
            let differs = |offer: &&Offer| offer.available != *pieces && offer.counted_by != draft.line;
            if now.offer(sku).filter(differs).is_some() {
                let recount = Recount { sku: Some(sku.clone()), ..Recount::of(Movement::Import(*pieces)) };
                let recount = Recount { line: draft.line.clone(), ..recount };
                self.recount(id, &recount, trace, None).await?;
                done = Done::Updated;
            }
        }
        Ok(done)
    }
}

fn taken(sku: &Sku) -> Error {
    let error = Error::conflict("sku_taken", format!("{sku} is the SKU of a variant of another product."));
    error.with_field("sku", "sku_taken", "is taken")
}

fn unique(mut ids: Vec<ProductId>) -> Vec<ProductId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
