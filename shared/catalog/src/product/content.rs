//! A content: what an admin says about a product, and can say again. Stock is apart, for sales move it while a content is written.

use values::{Currency, Result, Sku};

use crate::{Attributes, Brand, Category, Description, Name, ProductKind, Tags, TaxClass};

/// What is said of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductContent {
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// Where it lies.
    pub category: Category,
    /// Who makes it.
    pub brand: Option<Brand>,
    /// Words to find it by.
    pub tags: Tags,
    /// Its properties.
    pub attributes: Attributes,
    /// How it is taxed.
    pub tax_class: TaxClass,
    /// What is sold of it, and at what price.
    pub kind: ProductKind,
}

impl ProductContent {
    /// Refuses prices out of 0 to a million or in another currency than the shop's, and variants that are none. `sku` is the
    /// product's own.
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
                ..OfferTerms::at(eur(1_490))
            }),
        }
    }
}
