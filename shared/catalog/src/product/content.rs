//! A sheet: what an admin says about a product, and can say again. Stock is apart, for sales move it while a sheet is written.

use values::{Currency, Result, Sku};

use crate::{Attributes, Brand, Category, Description, Goods, Name, Tags, TaxClass};

/// What is said of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
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
    pub goods: Goods,
}

impl Sheet {
    /// Refuses prices out of 0 to a million or in another currency than the shop's, and variants that are none. `sku` is the
    /// product's own.
    pub fn check(&self, sku: &Sku, currency: Currency) -> Result<()> {
        match &self.goods {
            Goods::Single(terms) => terms.check("", currency),
            Goods::Variants(range) => range.check(sku, currency),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Terms;
    use crate::product::terms::tests::eur;
    use serde_json::json;

    pub(crate) fn sheet() -> Sheet {
        Sheet {
            name: serde_json::from_value(json!("Indigo Mug")).unwrap(),
            description: serde_json::from_value(json!("Holds tea.")).unwrap(),
            category: serde_json::from_value(json!("ceramics")).unwrap(),
            brand: serde_json::from_value(json!("Kiln & Co")).unwrap(),
            tags: serde_json::from_value(json!(["mug", "blue"])).unwrap(),
            attributes: serde_json::from_value(json!({ "glazed": true, "volumeMl": 350 })).unwrap(),
            tax_class: serde_json::from_value(json!("reduced")).unwrap(),
            goods: Goods::Single(Terms {
                compare_at_price: Some(eur(1_990)),
                weight: Some(380),
                ..Terms::at(eur(1_490))
            }),
        }
    }
}
