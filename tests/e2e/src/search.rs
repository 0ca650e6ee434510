//! Products to search for, and searches.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use crate::{Api, SOON, Shop, await_until, unique};

/// A word that no product has, nor a similar one: typo tolerance would match a word that another test made at the same moment. It has
/// letters only, because numbers are matched exactly.
pub fn word() -> String {
    let mut hasher = DefaultHasher::new();
    unique("word").hash(&mut hasher);
    let letters = (0..13).map(|place| char::from(b'a' + (hasher.finish() >> (place * 4) & 15) as u8));
    format!("quo{}", letters.collect::<String>())
}

/// Sells a product with these members.
pub async fn sells(shop: &Shop, body: Value) -> Value {
    let mut product = json!({
        "sku": unique("Q").to_uppercase(), "description": "Nothing to say.", "category": "quokkas",
        "price": { "amount": 1_000, "currency": shop.stack.currency }, "stock": { "available": 3 },
    });
    for (name, value) in body.as_object().into_iter().flatten() {
        product[name] = value.clone();
    }
    shop.admin().await.post("/api/v1/products", &product).await.expect(201).json()
}

/// Lists products by a query; returns the page.
pub async fn found(api: &Api, query: &str) -> Value {
    api.get(&format!("/api/v1/products?{query}")).await.expect(200).json()
}

/// Waits until a search finds so many products.
pub async fn awaits(shop: &Shop, query: &str, total: u64) -> Value {
    await_until(format_args!("{query} finds {total}"), SOON, async || {
        let page = found(&shop.anonymous(), query).await;
        if page["total"] == total { Ok(page) } else { Err(page["total"].to_string()) }
    })
    .await
}
