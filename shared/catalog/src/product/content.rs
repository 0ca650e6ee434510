//! The content of a product: all that an admin sets and can replace. Stock is not part of it, because sales change
//! stock while an admin edits.

use values::{Currency, Result, Sku};

use crate::{Attributes, Brand, Category, Description, Name, ProductKind, Tags, TaxClass};

/// What an admin sets about a product.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductContent {
    pub name: Name,
    pub description: Description,
    pub category: Category,
    pub brand: Option<Brand>,
    pub tags: Tags,
    pub attributes: Attributes,
    pub tax_class: TaxClass,
    /// What is sold, and at which price.
    pub kind: ProductKind,
}

impl ProductContent {
    /// Rejects a price out of range or in another currency than the shop's, and invalid variants. `sku` is the
    /// product's own SKU.
    pub fn check(&self, sku: &Sku, currency: Currency) -> Result<()> {
        match &self.kind {
            ProductKind::Single(terms) => terms.check("", currency),
            ProductKind::Variants(variant_set) => variant_set.check(sku, currency),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::OfferTerms;
    use crate::product::terms::tests::eur;
    use serde_json::json;

    pub(crate) fn content() -> ProductContent {
        ProductContent {
            name: serde_json::from_value(json!("Indigo Mug")).unwrap(),
            description: serde_json::from_value(json!("Holds tea.")).unwrap(),
            category: serde_json::from_value(json!("ceramics")).unwrap(),
            brand: serde_json::from_value(json!("Kiln & Co")).unwrap(),
            tags: serde_json::from_value(json!(["mug", "blue"])).unwrap(),
            attributes: serde_json::from_value(json!({ "glazed": true, "volumeMl": 350 })).unwrap(),
            tax_class: serde_json::from_value(json!("reduced")).unwrap(),
            kind: ProductKind::Single(OfferTerms {
                compare_at_price: Some(eur(1_990)),
                weight: Some(380),
                max_per_order: None,
                ..OfferTerms::at(eur(1_490))
            }),
        }
    }
}
