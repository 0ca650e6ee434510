//! Use case: write a product of an earlier release in its form. The index and all listeners learn of it by its event.

use aws_kit::{ConditionFailures, Idempotent};
use values::{Kind, ProductId, Result, Trace};

use crate::normalize::progress::Undecided;
use crate::product::spelling;
use crate::{CatalogService, Product, RevisionKind, StockLevels};

impl CatalogService {
    /// Writes a product as it is read, with the next version. False if it was archived meanwhile. 2 round trips.
    pub(crate) async fn rewrite_product(&self, id: ProductId, trace: &Trace) -> Result<bool> {
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.listing_at_version(id, None).await?;
            // The names of its offers are made of its texts.
            let after = before.with_content(&before.content(), &StockLevels::new(), self.clock.now())?;
            let writes = self.product_writes(&before, after, RevisionKind::Normalized, Vec::new(), trace)?;
            Ok(writes.at_any_version(()).into())
        };
        match self.write_product(id, None, decide).await.map(Idempotent::into_inner) {
            Ok(()) => Ok(true),
            Err(error) if error.code == "product_archived" || error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What today's rules for input refuse in a product: two spellings of an option, a value or an attribute.
pub(crate) fn find_spellings(product: &Product) -> Option<Undecided> {
    let distinct = spelling::check_distinct(&product.options).and_then(|()| product.attributes.check_distinct());
    let field = distinct.err()?.fields.into_iter().next()?;
    Some(Undecided::Spelling { product_id: product.id, field: field.field, code: field.code.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::{listing, shirt};
    use crate::product::variants::tests::option_value;
    use serde_json::json;

    #[test]
    fn two_spellings_of_an_old_product_are_reported() {
        let mut product = shirt().product;
        assert_eq!(find_spellings(&product), None);
        product.options[0].values.push(option_value("s"));
        let Some(Undecided::Spelling { field, code, .. }) = find_spellings(&product) else { panic!("S and s") };
        assert_eq!((field.as_str(), code.as_str()), ("options[0].values", "option_value_twice"));
        let mut product = listing().product;
        product.attributes = serde_json::from_value(json!({ "Colour": 1, "colour": 2 })).unwrap();
        assert!(find_spellings(&product).is_some());
    }
}
