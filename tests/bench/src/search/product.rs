//! A product of the search bench, for every engine.

use anyhow::{Context, Result};
use serde_json::Value;

/// The currency of all prices. Prices are only compared, never converted.
pub(crate) const CURRENCY: &str = "EUR";

/// A product. In every list the older product stands before the younger.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Product {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) brand: Option<String>,
    /// In the real catalog the first tag is the style.
    pub(crate) tags: Vec<String>,
    /// Without flags that are `false`.
    pub(crate) attributes: Vec<(String, String)>,
    /// In minor units.
    pub(crate) price: u64,
    pub(crate) available: u32,
    /// Average rating in hundredths of a star, 0 without a review.
    pub(crate) stars: u32,
    pub(crate) reviews: u32,
}

impl Product {
    /// Reads the body of `POST /products`.
    pub(crate) fn of(body: &Value) -> Result<Self> {
        let text = |name: &str| {
            let value = body[name].as_str().map(str::to_owned);
            value.with_context(|| format!("a sample has no `{name}`: {body}"))
        };
        let tags = body["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let attributes = body["attributes"].as_object().into_iter().flatten().filter_map(attribute_text);
        Ok(Self {
            sku: text("sku")?,
            name: text("name")?,
            description: text("description")?,
            category: text("category")?,
            brand: body["brand"].as_str().map(str::to_owned),
            tags: tags.map(str::to_owned).collect(),
            attributes: attributes.collect(),
            price: body["price"]["amount"].as_u64().context("a sample has no price")?,
            available: body["stock"]["available"].as_u64().unwrap_or_default().try_into()?,
            stars: 0,
            reviews: 0,
        })
    }
}

fn attribute_text((name, value): (&String, &Value)) -> Option<(String, String)> {
    match value {
        Value::Bool(false) => None,
        Value::String(text) => Some((name.clone(), text.clone())),
        other => Some((name.clone(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sample_is_read_with_all_searched_texts() {
        let body = json!({
            "sku": "MUG", "name": "Mug", "description": "Holds tea.", "category": "ceramics", "tags": ["cup", "blue"],
            "attributes": { "glazed": true, "chipped": false, "volumeMl": 350, "colour": "blue" },
            "price": { "amount": 1490, "currency": "EUR" }, "stock": { "available": 3 },
        });
        let mug = Product::of(&body).unwrap();
        assert_eq!((mug.name.as_str(), mug.price, mug.available, mug.tags.len()), ("Mug", 1490, 3, 2));
        let attributes: Vec<String> = mug.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(attributes, ["colour=blue", "glazed=true", "volumeMl=350"]);
        assert!(Product::of(&json!({ "sku": "MUG" })).is_err());
    }
}
