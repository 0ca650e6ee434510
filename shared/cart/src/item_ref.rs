//! How a request names an item: by SKU, or by a product that has one SKU.

use std::str::FromStr;

use catalog::Catalog;
use values::{Error, ProductId, Result, Sku};

/// The name of an item that is added, set or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemRef {
    Sku(Sku),
    Product(ProductId),
}

impl ItemRef {
    /// From a body that names either a SKU or a product; 422 otherwise.
    pub fn new(sku: Option<Sku>, product: Option<ProductId>) -> Result<Self> {
        match (sku, product) {
            (Some(sku), None) => Ok(Self::Sku(sku)),
            (None, Some(product)) => Ok(Self::Product(product)),
            (None, None) => Err(Error::invalid("sku", "required", "send a `sku` or a `productId`")),
            (Some(_), Some(_)) => {
                Err(Error::invalid("productId", "invalid_value", "send a `sku` or a `productId`, not both"))
            }
        }
    }

    /// The field of a request that holds it.
    pub(crate) fn field(&self) -> &'static str {
        match self {
            Self::Sku(_) => "sku",
            Self::Product(_) => "productId",
        }
    }

    /// Its SKU; none if the product does not exist. The SKU of a product with variants is not sold itself.
    pub async fn resolve_sku(&self, catalog: &Catalog) -> Result<Option<Sku>> {
        match self {
            Self::Sku(sku) => Ok(Some(sku.clone())),
            Self::Product(product) => catalog.sku_of(*product).await,
        }
    }
}

impl FromStr for ItemRef {
    type Err = Error;

    /// From a path; 404 for a text that is neither a SKU nor an id of a product.
    fn from_str(text: &str) -> Result<Self> {
        let product = text.parse().map(Self::Product);
        product.or_else(|_| text.parse().map(Self::Sku)).map_err(|_: Error| Error::not_found("product"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn item_is_named_by_sku_or_by_product() {
        let product: ProductId = Clock::System.mint();
        assert_eq!(product.to_string().parse::<ItemRef>().unwrap(), ItemRef::Product(product));
        assert_eq!("MUG".parse::<ItemRef>().unwrap(), ItemRef::Sku("MUG".parse().unwrap()));
        assert_eq!("prd_nonsense".parse::<ItemRef>().unwrap_err().kind, values::Kind::NotFound);
        assert!(ItemRef::new(None, None).is_err() && ItemRef::new("MUG".parse().ok(), Some(product)).is_err());
    }
}
