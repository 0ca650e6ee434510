//! Good documents of the catalog, and how they are spoiled.

use serde_json::{Value, json};

use crate::{Product, Shop, unique};

impl Shop {
    /// A good product with all that it can have, but for variants.
    pub fn mug(&self) -> Value {
        json!({
            "sku": unique("MUG").to_uppercase(), "name": "Mug", "description": "Holds tea.", "category": unique("bad"),
            "brand": "Kiln", "tags": ["blue"], "attributes": { "glazed": true }, "price": self.money(1_490),
            "compareAtPrice": self.money(1_990), "weight": 380, "taxClass": "reduced", "stock": { "available": 3 },
        })
    }

    /// A good product in two sizes.
    pub fn two_sizes(&self) -> Value {
        self.shirt(&[("S", 3, 1_800), ("M", 3, 1_800)])
    }

    /// The admin puts exactly that into the shop.
    pub async fn sells_this(&self, body: &Value) -> Product {
        let made = self.admin().await.post("/api/v1/products", body).await.expect(201).json();
        let text = |member: &str| made[member].as_str().unwrap_or_default().to_owned();
        let price = made["price"]["amount"].as_u64().unwrap_or_default();
        Product { id: text("id"), sku: text("sku"), name: text("name"), price }
    }
}

/// The document with something else at that place (RFC 6901); null takes it out.
pub fn with(good: &Value, place: &str, value: Value) -> Value {
    let mut bad = good.clone();
    let (parent, name) = place.rsplit_once('/').unwrap_or_default();
    match bad.pointer_mut(parent) {
        Some(Value::Object(members)) if value.is_null() => drop(members.remove(name)),
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items[name.parse::<usize>().unwrap_or_default()] = value,
        _ => panic!("there is no {parent} in {good}"),
    }
    bad
}
