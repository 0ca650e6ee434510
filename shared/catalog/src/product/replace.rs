//! Use case: replace the content of a product.

use aws_kit::{Changes, ConditionFailures, Idempotent};
use values::{Currency, Error, ExpectedVersion, ProductId, Result, Sku, Trace};

use crate::RevisionKind;
use crate::product::draft::check_stock;
use crate::{CatalogService, Listing, ProductContent, ProductKind, StockLevels};

impl CatalogService {
    /// Replaces the content of a product that is at the `expected` version. The product's SKU stays, and so does the
    /// stock of existing SKUs. New variants start with the pieces in `stock`; variants that are left out are archived.
    /// 412 `version_mismatch`; 422 `read_only` for other stock of an existing SKU; 409 `options_fixed` or `sku_taken`. 2
    /// round trips.
    pub async fn replace(
        &self,
        id: ProductId,
        expected: &ExpectedVersion,
        content: ProductContent,
        stock: &StockLevels,
        trace: &Trace,
    ) -> Result<Listing> {
        let content = &content;
        let decide = |_: Option<ConditionFailures>| async move {
            let before = self.listing_at_version(id, Some(expected)).await?;
            // A sale makes no new version. After one, the stock that the admin has read is not refused.
            if expected.matches_minor(before.product.version, before.offer_changes()) {
                check_stock(content, stock)?;
                check_existing_stock(&before, content, stock)?;
            }
            self.replacement(&before, content, stock, RevisionKind::Replaced, trace).await.map(Into::into)
        };
        self.write_listing(id, None, decide).await.map(Idempotent::into_inner)
    }

    /// The changes that replace the content of `before`.
    pub(crate) async fn replacement<'a>(
        &self,
        before: &Listing,
        content: &ProductContent,
        stock: &StockLevels,
        kind: RevisionKind,
        trace: &Trace,
    ) -> Result<Changes<'a, Listing>> {
        check_kind(before, content, self.currency)?;
        check_stock(content, stock)?;
        self.catalog.ensure_category(&content.category, self.clock.now()).await?;
        let after = before.with_content(content, stock, self.clock.now())?;
        let writes = self.product_writes(before, after, kind, Vec::new(), trace)?;
        Ok(self.with_claims(writes).await?.at_version())
    }
}

/// Rejects another kind, and new options, variants or prices that are not valid. Those of an old row may be refused today, and another
/// part can be changed still.
fn check_kind(before: &Listing, content: &ProductContent, currency: Currency) -> Result<()> {
    let was = before.content().kind;
    content.kind.check_same_kind(&was)?;
    match content.kind == was {
        true => Ok(()),
        false => content.check(&before.product.sku, currency),
    }
}

/// Rejects other stock of existing variants than is stored, so that nobody believes to have changed it. An admin reads all pieces, so what
/// was read is accepted.
fn check_existing_stock(before: &Listing, content: &ProductContent, stock: &StockLevels) -> Result<()> {
    const MESSAGE: &str = "differs from what is stored; leave it out, and use PATCH /products/{id}/stock";
    let differs = |(sku, pieces): &(&Sku, &u32)| {
        before.variants.iter().any(|offer| offer.sku == **sku && offer.pieces() != **pieces)
    };
    let mut fields = stock.iter().filter(differs).map(|(sku, _)| match &content.kind {
        ProductKind::Single(_) => "stock".to_owned(),
        ProductKind::Variants(variant_set) => format!("{}stock", variant_set.field_prefix(sku)),
    });
    match fields.next() {
        None => Ok(()),
        Some(first) => Err(fields.fold(Error::invalid(&first, "read_only", MESSAGE), |error, field| {
            error.with_field(field, "read_only", MESSAGE)
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::shirt;
    use crate::product::variants::tests::option_value;

    #[test]
    fn old_options_that_are_equal_in_nfc_stay_until_they_are_changed() {
        let eur = "EUR".parse().unwrap();
        let mut before = shirt();
        before.product.options[0].values.push(option_value("S"));
        let mut content = before.content();
        assert!(check_kind(&before, &content, eur).is_ok(), "another part can be patched");
        let ProductKind::Variants(variant_set) = &mut content.kind else { panic!("it has variants") };
        variant_set.options[1].values.push(option_value("green"));
        let error = check_kind(&before, &content, eur).unwrap_err();
        assert_eq!(error.fields[0].code, "option_value_twice");
    }

    #[test]
    fn existing_variant_may_state_its_own_stock_only() {
        let before = shirt();
        let refused = |stock: &[(&str, u32)]| {
            let stock = stock.iter().map(|(sku, pieces)| (sku.parse().unwrap(), *pieces)).collect();
            let error = check_existing_stock(&before, &before.content(), &stock).err();
            error.map(|error| error.fields.into_iter().map(|field| (field.field, field.code)).collect::<Vec<_>>())
        };
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&[("TEE-M-RED", 4), ("TEE-S-BLUE", 0), ("TEE-NEW", 99)]), None);
        let at = |index: usize| (format!("variants[{index}].stock"), "read_only");
        assert_eq!(refused(&[("TEE-M-RED", 99), ("TEE-S-BLUE", 0)]), Some(vec![at(0)]));
        assert_eq!(refused(&[("TEE-M-RED", 99), ("TEE-S-BLUE", 1)]), Some(vec![at(0), at(1)]));
    }
}
