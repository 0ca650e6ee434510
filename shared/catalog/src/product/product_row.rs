//! A product: what is told about it. What it costs and how many there are is its offers'.

use serde::{Deserialize, Serialize};
use values::{ProductId, Sku, Timestamp};

use crate::{Attributes, Brand, Category, Description, Image, Name, ProductOption, Status, Tags, Variant};

/// The product's row: everything but prices and stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Names it; sorts by when it was made.
    pub id: ProductId,
    /// What of it is sold; of a product with options its own number, under which nothing is.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// Where it lies.
    pub category: Category,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Brand>,
    /// Words to find it by.
    pub tags: Tags,
    /// Its properties.
    pub attributes: Attributes,
    /// What a customer chooses, such as a size; empty when there is one SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<ProductOption>,
    /// What can be chosen, and the SKU of each; empty when there is one SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// What it looks like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Is it in the shop? Active or archived.
    pub status: Status,
    /// One more with every change, a change of price included; stock is not counted here.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Product {
    /// The SKUs that offers lie under: its own first, then those of its variants.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        std::iter::once(&self.sku).chain(self.variants.iter().map(|variant| &variant.sku))
    }
}
