//! Use case: find products by their SKUs. The catalog's table answers, not the index, so a product is found as soon as it is
//! created.

use std::collections::HashSet;

use catalog::{Listing, Product, Status};
use values::{ProductId, Result, Sku};

use crate::search_service::SearchService;

/// The maximum number of SKUs of a request.
pub const MAX_SKUS: usize = 50;

impl SearchService {
    /// Returns the products for sale that have one of these SKUs, or a variant with one of them: each product once, with the
    /// position of the first of its SKUs, in the order of the SKUs. At most [`MAX_SKUS`]; letter case matters. 3 round trips.
    pub async fn find_by_sku(&self, skus: &[Sku]) -> Result<Vec<(usize, Listing)>> {
        let mut distinct = skus.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.is_empty() {
            return Ok(Vec::new());
        }
        let ids: HashSet<ProductId> = self.catalog().products_of_skus(&distinct).await?.into_iter().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut products = self.catalog().products(&ids.into_iter().collect::<Vec<_>>()).await?;
        products.retain(|product| product.status == Status::Active);
        let mut listings = self.read_listings(products).await?;
        listings.retain(|listing| listing.product.status == Status::Active);
        Ok(in_order(skus, listings))
    }
}

/// The offer of a variant outlives the variant, so the product decides which SKUs it has.
fn in_order(skus: &[Sku], listings: Vec<Listing>) -> Vec<(usize, Listing)> {
    let first = |product: &Product| skus.iter().position(|sku| product.skus().any(|own| own == sku));
    let found = listings.into_iter().filter_map(|listing| Some((first(&listing.product)?, listing)));
    let mut found: Vec<(usize, Listing)> = found.collect();
    found.sort_by_key(|(position, _)| *position);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listing(sku: &str, variants: &[&str]) -> Listing {
        let (clock, price) = (values::Clock::System, json!({ "amount": 100, "currency": "EUR" }));
        let (id, now): (ProductId, _) = (clock.mint(), clock.now());
        let variants: Vec<_> = variants.iter().map(|sku| json!({ "sku": sku, "options": {} })).collect();
        let product = json!({
            "id": id, "sku": sku, "name": "Mug", "description": "", "category": "kitchen", "tags": [], "attributes": {},
            "variants": variants, "status": "active", "version": 1, "createdAt": now, "updatedAt": now,
        });
        let offer = json!({
            "sku": sku, "productId": id, "name": "Mug", "available": 1, "price": price, "priceVersion": 1,
            "status": "active", "taxClass": "standard", "stockVersion": 1,
        });
        Listing {
            product: serde_json::from_value(product).unwrap(),
            main_offer: serde_json::from_value(offer).unwrap(),
            variants: Vec::new(),
            rating: catalog::Rating::default(),
            removed: Vec::new(),
        }
    }

    #[test]
    fn products_come_in_the_order_of_the_skus_and_once() {
        let skus: Vec<Sku> = ["C-2", "B", "C-1", "X"].map(|sku| sku.parse().unwrap()).into();
        let found = in_order(&skus, vec![listing("A", &[]), listing("B", &[]), listing("C", &["C-1", "C-2"])]);
        let found: Vec<_> = found.iter().map(|(position, listing)| (*position, listing.product.sku.as_str())).collect();
        assert_eq!(found, [(0, "C"), (1, "B")], "A has none of them, C has two");
    }
}
