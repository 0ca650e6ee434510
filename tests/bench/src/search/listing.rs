//! Products as souk's catalog has them, and the answer that its function makes of a page of them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_kit::sha256_hex;
use catalog::{Listing, Media, Offer, Product as Row, ProductOut, Rating};
use serde_json::{Value, json};
use values::{Clock, ProductId, Timestamp};

use crate::search::CURRENCY;
use crate::search::product::Product;

/// The first product was made then, each other one a second after the one before: ids sort by it.
const FIRST_MADE: i64 = 1_764_000_000_000;

/// The product that stands at `place`, with its offer and rating.
pub(crate) fn listing(place: usize, product: &Product) -> Result<Listing> {
    let made = Timestamp::from_millis(FIRST_MADE + 1000 * place as i64);
    let id: ProductId = Clock::fixed(made).mint();
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
        "createdAt": made,
        "updatedAt": made,
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
        product: serde_json::from_value(row).with_context(|| format!("the catalog refuses {}", product.sku))?,
        main_offer: serde_json::from_value(offer)
            .with_context(|| format!("the catalog refuses the offer of {}", product.sku))?,
        variants: Vec::new(),
        rating: Rating { sum, count: product.reviews, changes: u64::from(product.reviews) },
    })
}

/// A flag that is up is a flag again; numbers that are text are found as well.
fn attribute(value: &str) -> Value {
    if value == "true" { json!(true) } else { json!(value) }
}

/// What the function does with a page: fresh offers and ratings to it (here from memory), the answer's JSON, its digest.
pub(crate) struct Till {
    offers: HashMap<ProductId, (Offer, Rating)>,
    media: Media,
}

impl Till {
    pub(crate) fn of(listings: &[Listing]) -> Self {
        let offers = listings.iter().map(|listing| (listing.product.id, (listing.main_offer.clone(), listing.rating)));
        Self { offers: offers.collect(), media: Media::new("https://example.org") }
    }

    /// The body of the answer to a page of products as they were indexed.
    pub(crate) fn answer(&self, shown: &[String], facets: &Value) -> Result<String> {
        let mut data = Vec::with_capacity(shown.len());
        for row in shown {
            let product: Row = serde_json::from_str(row)?;
            let (lead, rating) =
                self.offers.get(&product.id).cloned().context("a product without an offer was found")?;
            data.push(ProductOut::new(
                Listing { product, main_offer: lead, variants: Vec::new(), rating },
                &self.media,
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
    fn an_answer_shows_what_was_indexed_at_the_price_of_now() {
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
        let till = Till::of(std::slice::from_ref(&older));
        let shown = serde_json::to_string(&older.product).unwrap();
        let answer: Value = serde_json::from_str(&till.answer(&[shown], &json!({})).unwrap()).unwrap();
        let mug = &answer["data"][0];
        assert_eq!((&mug["price"]["amount"], &mug["stock"]["available"]), (&json!(1490), &json!(3)));
        assert_eq!((&mug["attributes"]["glazed"], &mug["rating"]["average"]), (&json!(true), &json!(4.5)));
        let other = serde_json::to_string(&younger.product).unwrap();
        assert!(till.answer(&[other], &json!({})).is_err());
    }
}
