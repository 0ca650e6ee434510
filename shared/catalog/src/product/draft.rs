//! A product that is about to be created.

use std::collections::BTreeMap;

use values::{Currency, Result, Sku};

use crate::stock::change::check_pieces;
use crate::{ProductContent, ProductKind};

/// Pieces by SKU, as far as they are told. New SKUs begin with them; those that are there keep what they have.
pub type StockLevels = BTreeMap<Sku, u32>;

/// What a product begins as.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The product's own; nobody else's, and for ever.
    pub sku: Sku,
    /// What is told of it.
    pub content: ProductContent,
    /// Pieces there are of each SKU: 0 to 1,000,000, and 0 where nothing is told.
    pub stock: StockLevels,
    /// The line of an import that says so, if one does.
    pub import_line: Option<String>,
}

impl Draft {
    /// Refuses what [`ProductContent::check`] refuses, and more pieces than there is room for.
    pub fn check(&self, currency: Currency) -> Result<()> {
        self.content.check(&self.sku, currency)?;
        check_stock(&self.content, &self.stock)
    }
}

/// Refuses more pieces than there is room for.
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
    fn a_draft_has_room_for_a_million_pieces() {
        let holding = |pieces| Draft {
            sku: "MUG".parse().unwrap(),
            content: content(),
            stock: [("MUG".parse().unwrap(), pieces)].into(),
            import_line: None,
        };
        assert!(holding(1_000_000).check("EUR".parse().unwrap()).is_ok());
        let refused = holding(1_000_001).check("EUR".parse().unwrap()).unwrap_err();
        assert_eq!(
            (refused.fields[0].field.as_str(), refused.fields[0].code),
            ("stock.available", "stock_out_of_range")
        );
    }
}
