//! Valid documents of the catalog, and a function that makes them invalid.

use serde_json::{Value, json};

use crate::{Product, Shop, unique};

impl Shop {
    /// A valid product with every member except variants.
    pub fn mug(&self) -> Value {
        json!({
            "sku": unique("MUG").to_uppercase(), "name": "Mug", "description": "Holds tea.", "category": unique("bad"),
            "brand": "Kiln", "tags": ["blue"], "attributes": { "glazed": true }, "price": self.money(1_490),
            "compareAtPrice": self.money(1_990), "weight": 380, "taxClass": "reduced", "stock": { "available": 3 },
        })
    }

    /// A valid product in two sizes.
    pub fn two_sizes(&self) -> Value {
        self.shirt(&[("S", 3, 1_800), ("M", 3, 1_800)])
    }

    /// The admin creates a product from this body.
    pub async fn sells_this(&self, body: &Value) -> Product {
        let created = self.admin().await.post("/api/v1/products", body).await.expect(201).json();
        let text = |member: &str| created[member].as_str().unwrap_or_default().to_owned();
        let price = created["price"]["amount"].as_u64().unwrap_or_default();
        Product { id: text("id"), sku: text("sku"), name: text("name"), price }
    }
}

/// The document with another value at that place (RFC 6901). Null removes the member.
pub fn with(valid: &Value, place: &str, value: Value) -> Value {
    let mut invalid = valid.clone();
    let (parent, name) = place.rsplit_once('/').unwrap_or_default();
    match invalid.pointer_mut(parent) {
        Some(Value::Object(members)) if value.is_null() => drop(members.remove(name)),
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items[name.parse::<usize>().unwrap_or_default()] = value,
        _ => panic!("the document should have {parent}: {valid}"),
    }
    invalid
}
