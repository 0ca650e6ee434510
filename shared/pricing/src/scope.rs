//! Which lines a promotion is about.

use values::{ProductId, Sku};

use crate::line::Line;

/// The lines that a promotion is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Everything,
    /// The lines that at least one selector names.
    AnyOf(Vec<Selector>),
}

/// Names lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    Sku(Sku),
    Product(ProductId),
    /// With all categories below.
    Category(String),
    Tag(String),
    Brand(String),
}

impl Scope {
    /// Whether the line is in scope and can have a discount.
    pub(crate) fn has_discountable(&self, line: &Line) -> bool {
        line.is_discountable
            && match self {
                Self::Everything => true,
                Self::AnyOf(selectors) => selectors.iter().any(|selector| selector.names(line)),
            }
    }
}

impl Selector {
    fn names(&self, line: &Line) -> bool {
        match self {
            Self::Sku(sku) => line.sku == *sku,
            Self::Product(product_id) => line.product_id == Some(*product_id),
            Self::Category(category) => line.categories.contains(category),
            Self::Tag(tag) => line.tags.contains(tag),
            Self::Brand(brand) => line.brand.as_ref() == Some(brand),
        }
    }
}
