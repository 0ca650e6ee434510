//! Products in the form of the catalog, and the response of the search function for a page of them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_kit::sha256_hex;
use catalog::{Listing, Media, Offer, Product as Row, ProductOut, Rating, ShownStock};
use serde_json::{Value, json};
use values::{Clock, ProductId, Timestamp};

use crate::search::product::{CURRENCY, Product};

/// The time of the first product. Each further product is a second younger; ids sort by time.
const FIRST_CREATED_AT: i64 = 1_764_000_000_000;

/// The product at `position`, with its offer and rating.
pub(crate) fn listing(position: usize, product: &Product) -> Result<Listing> {
    let created_at = Timestamp::from_millis(FIRST_CREATED_AT + 1000 * position as i64);
    let id: ProductId = Clock::fixed(created_at).mint();
    let attributes: Value = product.attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    let row = json!({
        "id": id,
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "brand": product.brand,
        "tags": product.tags,
        "attributes": attributes,
        "status": "active",
        "version": 1,
        "createdAt": created_at,
        "updatedAt": created_at,
    });
    let offer = json!({
        "sku": product.sku,
        "productId": id,
        "name": product.name,
        "available": product.available,
        "price": { "amount": product.price, "currency": CURRENCY },
        "priceVersion": 1,
        "status": "active",
        "taxClass": "standard",
        "stockVersion": 1,
        "productVersion": 1,
    });
    let sum = u64::from(product.stars) * u64::from(product.reviews) / 100;
    Ok(Listing {
        product: serde_json::from_value(row).with_context(|| format!("invalid product {}", product.sku))?,
        main_offer: serde_json::from_value(offer).with_context(|| format!("invalid offer of {}", product.sku))?,
        variants: Vec::new(),
        rating: Rating { sum, count: product.reviews, changes: u64::from(product.reviews) },
        removed: Vec::new(),
    })
}

/// A flag that is `true` becomes a flag; all other values stay text, which is searched as well.
fn attribute(value: &str) -> Value {
    if value == "true" { json!(true) } else { json!(value) }
}

/// Builds responses as the search function does: adds current offers and ratings (here from memory), writes the JSON
/// and its digest.
pub(crate) struct ResponseBuilder {
    offers: HashMap<ProductId, (Offer, Rating)>,
    media: Media,
}

impl ResponseBuilder {
    pub(crate) fn new(listings: &[Listing]) -> Self {
        let offers = listings.iter().map(|listing| (listing.product.id, (listing.main_offer.clone(), listing.rating)));
        Self { offers: offers.collect(), media: Media::new("https://example.org") }
    }

    /// Returns the body of the response for a page of indexed products.
    pub(crate) fn build(&self, products: &[String], facets: &Value) -> Result<String> {
        let mut data = Vec::with_capacity(products.len());
        for json in products {
            let product: Row = serde_json::from_str(json)?;
            let (lead, rating) = self.offers.get(&product.id).cloned().context("a result has no offer")?;
            data.push(ProductOut::new(
                Listing { product, main_offer: lead, variants: Vec::new(), rating, removed: Vec::new() },
                &self.media,
                ShownStock::ALL,
            ));
        }
        let body =
            json!({ "data": data, "facets": facets, "pagination": { "cursor": null, "hasMore": true } }).to_string();
        std::hint::black_box(sha256_hex(body.as_bytes()));
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_has_the_indexed_product_with_its_current_price() {
        let mug = Product {
            sku: "MUG".to_owned(),
            name: "Mug".to_owned(),
            category: "ceramics".to_owned(),
            attributes: vec![("glazed".to_owned(), "true".to_owned()), ("colour".to_owned(), "blue".to_owned())],
            price: 1490,
            available: 3,
            stars: 450,
            reviews: 2,
            ..Product::default()
        };
        let (older, younger) = (listing(0, &mug).unwrap(), listing(1, &mug).unwrap());
        assert!(older.product.id < younger.product.id, "ids sort by time");
        let builder = ResponseBuilder::new(std::slice::from_ref(&older));
        let json = serde_json::to_string(&older.product).unwrap();
        let response: Value = serde_json::from_str(&builder.build(&[json], &json!({})).unwrap()).unwrap();
        let mug = &response["data"][0];
        assert_eq!((&mug["price"]["amount"], &mug["stock"]["available"]), (&json!(1490), &json!(3)));
        assert_eq!((&mug["attributes"]["glazed"], &mug["rating"]["average"]), (&json!(true), &json!(4.5)));
        let other = serde_json::to_string(&younger.product).unwrap();
        assert!(builder.build(&[other], &json!({})).is_err());
    }
}
