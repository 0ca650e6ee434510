//! The row of a product: everything but prices and stock, which are in its offers.

use serde::{Deserialize, Serialize};
use values::{ProductId, Sku, Timestamp};

use crate::{Attributes, Brand, Category, Description, Image, Name, ProductOption, Status, Tags, Variant};

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Sorts by time of creation.
    pub id: ProductId,
    /// The SKU under which it is sold. With options, it identifies the product only, and nothing is sold under it.
    pub sku: Sku,
    pub name: Name,
    pub description: Description,
    pub category: Category,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Brand>,
    pub tags: Tags,
    pub attributes: Attributes,
    /// What a customer chooses, such as a size. Empty if there is one SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<ProductOption>,
    /// The variants that can be chosen. Empty if there is one SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Active or archived.
    pub status: Status,
    /// Goes up with each change, also of a price. Changes of stock do not count.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Product {
    /// The SKUs of its offers: first its own, then those of its variants.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        std::iter::once(&self.sku).chain(self.variants.iter().map(|variant| &variant.sku))
    }
}
