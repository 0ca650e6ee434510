//! By what promotions name an offer, beside its SKU and its product: the keys of its category, its brand and its tags. They are copies
//! of what the product has, so that the price of an order needs no product (ADR 37).

use serde::{Deserialize, Serialize};
use values::comparison_key;

use crate::{Brand, Category, Tags};

/// The keys of category, brand and tags of a product. Brand and tags are comparison keys: `Tea` and `tea` are one tag. The names in the
/// row are short, because each sale rewrites it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeKeys {
    /// The category of the product itself. A scope also names those above it.
    #[serde(rename = "c")]
    pub category: Category,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl ScopeKeys {
    /// The keys of a product with this category, brand and tags.
    pub(crate) fn new(category: &Category, brand: Option<&Brand>, tags: &Tags) -> Self {
        Self {
            category: category.clone(),
            brand: brand.map(|brand| comparison_key(brand.as_str())),
            tags: tags.iter().map(comparison_key).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn row_has_short_names_and_comparison_keys() {
        let category = Category::try_from("Mugs".to_owned()).unwrap();
        let brand: Brand = serde_json::from_value(json!("Kiln & Co")).unwrap();
        let tags: Tags = serde_json::from_value(json!(["Blue", "Café"])).unwrap();
        let keys = ScopeKeys::new(&category, Some(&brand), &tags);
        let row = serde_json::to_value(&keys).unwrap();
        assert_eq!(row, json!({ "c": "mugs", "b": "kiln & co", "t": ["blue", "café"] }));
        assert_eq!(serde_json::from_value::<ScopeKeys>(row).unwrap(), keys);
        let plain = ScopeKeys::new(&category, None, &Tags::default());
        assert_eq!(serde_json::to_value(plain).unwrap(), json!({ "c": "mugs" }));
    }
}
