//! The draft of a product that is about to be created.

use std::collections::BTreeMap;

use values::{Currency, Result, Sku};

use crate::stock::change::check_pieces;
use crate::{ProductContent, ProductKind};

/// Pieces by SKU, as far as a request states them. They are the first stock of new SKUs; existing SKUs keep their
/// stock.
pub type StockLevels = BTreeMap<Sku, u32>;

/// A product to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The product's own SKU. No other product ever gets it.
    pub sku: Sku,
    pub content: ProductContent,
    /// The first pieces of each SKU, from 0 to 1,000,000. A SKU that is missing here starts with 0.
    pub stock: StockLevels,
    /// The line of the import that the draft comes from, if any.
    pub import_line: Option<String>,
}

impl Draft {
    /// Rejects what [`ProductContent::check`] rejects, and more pieces than allowed.
    pub fn check(&self, currency: Currency) -> Result<()> {
        self.content.check(&self.sku, currency)?;
        check_stock(&self.content, &self.stock)
    }
}

/// Rejects more pieces than allowed.
pub(crate) fn check_stock(content: &ProductContent, stock: &StockLevels) -> Result<()> {
    for (sku, pieces) in stock {
        let at = match &content.kind {
            ProductKind::Single(_) => String::new(),
            ProductKind::Variants(variant_set) => variant_set.field_prefix(sku),
        };
        check_pieces(&format!("{at}stock.available"), *pieces)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::content::tests::content;

    #[test]
    fn draft_has_at_most_a_million_pieces() {
        let holding = |pieces| Draft {
            sku: "MUG".parse().unwrap(),
            content: content(),
            stock: [("MUG".parse().unwrap(), pieces)].into(),
            import_line: None,
        };
        assert!(holding(1_000_000).check("EUR".parse().unwrap()).is_ok());
        let error = holding(1_000_001).check("EUR".parse().unwrap()).unwrap_err();
        assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), ("stock.available", "stock_out_of_range"));
    }
}
