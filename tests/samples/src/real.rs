//! Converts products of the real catalog (retail-demo-store) to products of souk.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A product in the file. Its pictures and links are not used.
#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    name: String,
    description: String,
    category: String,
    style: String,
    /// Dollars, as in `129.99`.
    price: String,
    current_stock: u32,
    #[serde(default)]
    aliases: Vec<String>,
    gender_affinity: Option<String>,
    where_visible: String,
    #[serde(default)]
    promoted: bool,
    #[serde(default)]
    featured: bool,
}

/// Converts the file's text.
pub(crate) fn products(text: &str, currency: &str) -> Result<Vec<Value>> {
    let entries: Vec<Entry> = serde_saphyr::from_str(text)?;
    entries.into_iter().map(|entry| body(entry, currency)).collect()
}

/// Converts a product. The id becomes the SKU, the style and the aliases become tags, and the other fields become attributes.
fn body(entry: Entry, currency: &str) -> Result<Value> {
    let price = cents(&entry.price).with_context(|| format!("{}: the price {:?}", entry.id, entry.price))?;
    let mut tags = vec![entry.style];
    for alias in entry.aliases {
        if !tags.contains(&alias) {
            tags.push(alias);
        }
    }
    let mut attributes = Map::from_iter([("visible".to_owned(), json!(entry.where_visible))]);
    match entry.gender_affinity.as_deref() {
        Some("F") => attributes.insert("gender".to_owned(), json!("women")),
        Some("M") => attributes.insert("gender".to_owned(), json!("men")),
        _ => None,
    };
    for (name, flag) in [("promoted", entry.promoted), ("featured", entry.featured)] {
        if flag {
            attributes.insert(name.to_owned(), json!(true));
        }
    }
    Ok(json!({
        "sku": entry.id,
        "name": entry.name,
        "description": entry.description,
        "category": entry.category,
        "tags": tags,
        "attributes": attributes,
        "price": { "amount": price, "currency": currency },
        "stock": { "available": entry.current_stock },
    }))
}

/// Converts dollars to cents without floating-point numbers, which would round.
fn cents(dollars: &str) -> Result<u64> {
    let (whole, part) = dollars.split_once('.').unwrap_or((dollars, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    ensure!(
        !whole.is_empty() && digits(whole) && digits(part) && part.len() <= 2,
        "the price must be dollars with at most two decimals"
    );
    Ok(whole.parse::<u64>()? * 100 + format!("{part:0<2}").parse::<u64>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "
- id: 6579c22f-0000
  current_stock: 15
  name: Tin Whistle
  category: instruments
  style: wind
  description: A whistle
    of tin.
  price: 12.5
  image: x.jpg
  gender_affinity: F
  where_visible: UI
- id: 6579c22f-0001
  current_stock: 0
  name: Peanuts
  category: salty snacks
  style: nuts/seeds
  description: Salted.
  price: 1.99
  link: null
  aliases: [nuts, peanut, nuts]
  promoted: true
  where_visible: Alexa
";

    #[test]
    fn product_keeps_its_properties() {
        let products = products(TWO, "USD").unwrap();
        let whistle = json!({
            "sku": "6579c22f-0000", "name": "Tin Whistle", "description": "A whistle of tin.", "category": "instruments",
            "tags": ["wind"], "attributes": { "gender": "women", "visible": "UI" },
            "price": { "amount": 1250, "currency": "USD" }, "stock": { "available": 15 },
        });
        assert_eq!(products[0], whistle);
        assert_eq!(products[1]["tags"], json!(["nuts/seeds", "nuts", "peanut"]));
        assert_eq!(products[1]["attributes"], json!({ "promoted": true, "visible": "Alexa" }));
    }

    #[test]
    fn dollars_are_converted_exactly() {
        for (dollars, expected) in [("129.99", 12_999), ("12.5", 1_250), ("7", 700), ("0.07", 7)] {
            assert_eq!(cents(dollars).unwrap(), expected);
        }
        for invalid in ["", ".5", "1.999", "-1", "1e3", "1,5"] {
            assert!(cents(invalid).is_err(), "{invalid:?} must be refused");
        }
    }
}
