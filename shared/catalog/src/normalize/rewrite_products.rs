//! Use case: write a product of an earlier release in its form. The index and all listeners learn of it by its event.

use aws_kit::{ConditionFailures, Idempotent};
use values::{Error, FieldError, Kind, ProductId, Result, Trace};

use crate::normalize::progress::Undecided;
use crate::product::spelling;
use crate::product::store::StoredProduct;
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

/// Can it be written in form? Not if its row has two Unicode forms of an option or of a value: they would be equal for good, and with them
/// the variants. An admin decides about them.
pub(crate) fn is_writable(row: &StoredProduct) -> bool {
    !spelling::has_equal(&row.product.options)
}

/// What today's rules for input refuse in a product: two spellings of an option or a value, and of an attribute.
pub(crate) fn find_spellings(product: &Product) -> Vec<Undecided> {
    let checks = [spelling::check_distinct(&product.options), product.attributes.check_distinct()];
    let fields = checks.into_iter().filter_map(|check| check.err()?.fields.into_iter().next());
    let line = |field: FieldError| Undecided::Spelling {
        product_id: product.id,
        field: field.field,
        code: field.code.to_owned(),
    };
    fields.map(line).collect()
}

/// Would the same write succeed later? Then the task must not pass the product at once. A product whose rows do not fit together gives
/// the same error each time, so the attempts are limited.
pub(crate) fn is_passing(error: &Error) -> bool {
    matches!(error.kind, Kind::Unavailable(_)) || error.code == "too_many_concurrent_updates"
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
        let found = |product: &Product| {
            let line = |line| match line {
                Undecided::Spelling { field, code, .. } => (field, code),
                other => panic!("{other:?}"),
            };
            find_spellings(product).into_iter().map(line).collect::<Vec<_>>()
        };
        let line = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        assert!(found(&product).is_empty());
        product.options[0].values.push(option_value("s"));
        let values = line("options[0].values", "option_value_twice");
        assert_eq!(found(&product), std::slice::from_ref(&values));
        product.attributes = serde_json::from_value(json!({ "Colour": 1, "colour": 2 })).unwrap();
        assert_eq!(found(&product), [values, line("attributes.colour", "attribute_twice")]);
    }

    #[test]
    fn product_with_equal_options_is_not_written() {
        let stored = |product: Product| StoredProduct { product, is_in_form: false, merged_tags: Vec::new() };
        let mut product = shirt().product;
        product.options[0].values.push(option_value("s"));
        assert!(is_writable(&stored(product.clone())) && is_writable(&stored(listing().product)));
        product.options[0].values.push(option_value("S"));
        assert!(!is_writable(&stored(product)));
    }

    #[test]
    fn outage_and_contention_pass_and_other_errors_stay() {
        assert!(is_passing(&Error::unavailable("database", "throttled")));
        assert!(is_passing(&Error::conflict("too_many_concurrent_updates", "Try again.")));
        assert!(!is_passing(&Error::invalid("variants", "too_many_changes", "are too many")));
        assert!(!is_passing(&Error::internal("a bug")));
    }
}
