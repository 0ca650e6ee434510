//! How a request names what it wants: by SKU, or by a product that has one.

use std::str::FromStr;

use catalog::Catalog;
use values::{Error, ProductId, Result, Sku};

use crate::Line;

/// What is added, set or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// By its SKU.
    Sku(Sku),
    /// By its product.
    Product(ProductId),
}

impl Item {
    /// From a body that names the one or the other.
    pub fn of(sku: Option<Sku>, product: Option<ProductId>) -> Result<Self> {
        match (sku, product) {
            (Some(sku), None) => Ok(Self::Sku(sku)),
            (None, Some(product)) => Ok(Self::Product(product)),
            (None, None) => Err(Error::invalid("sku", "required", "name a `sku` or a `productId`")),
            (Some(_), Some(_)) => {
                Err(Error::invalid("productId", "invalid_value", "name a `sku` or a `productId`, not both"))
            }
        }
    }

    /// Is it this line's?
    pub(crate) fn names(&self, line: &Line) -> bool {
        match self {
            Self::Sku(sku) => *sku == line.sku,
            Self::Product(product) => *product == line.product_id,
        }
    }

    /// The field of a request that names it.
    pub(crate) fn field(&self) -> &'static str {
        match self {
            Self::Sku(_) => "sku",
            Self::Product(_) => "productId",
        }
    }

    /// Its SKU; none for a product that is not there. That of a product with variants is none that is sold.
    pub async fn sku(&self, catalog: &Catalog) -> Result<Option<Sku>> {
        match self {
            Self::Sku(sku) => Ok(Some(sku.clone())),
            Self::Product(product) => catalog.sku_of(*product).await,
        }
    }
}

impl FromStr for Item {
    type Err = Error;

    /// As a path names it; what can be neither is not there.
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
    fn an_item_is_named_by_sku_or_by_product() {
        let product: ProductId = Clock::System.mint();
        assert_eq!(product.to_string().parse::<Item>().unwrap(), Item::Product(product));
        assert_eq!("MUG".parse::<Item>().unwrap(), Item::Sku("MUG".parse().unwrap()));
        assert_eq!("prd_nonsense".parse::<Item>().unwrap_err().kind, values::Kind::NotFound);
        assert!(Item::of(None, None).is_err() && Item::of("MUG".parse().ok(), Some(product)).is_err());
    }
}
