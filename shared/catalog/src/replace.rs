//! A product told anew from its first word to its last.

use aws_kit::{Attempt, Idempotency};
use events::Event;
use values::{ProductId, Result, Trace};

use crate::{Listing, Offer, Product, Products, Sheet};

impl Products {
    /// Replaces what is told of a product that is at `version`; SKU and stock stay. 412 `version_mismatch`.
    /// 2 round trips.
    pub async fn replace(&self, id: ProductId, version: u64, sheet: Sheet, trace: &Trace) -> Result<Listing> {
        let before = self.at_version(id, Some(version)).await?;
        match self.rewrite(before, sheet, trace, None).await? {
            Attempt::Fresh(listing) | Attempt::Replayed(listing) => Ok(listing),
        }
    }

    pub(crate) async fn rewrite(
        &self,
        before: Listing,
        sheet: Sheet,
        trace: &Trace,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>> {
        sheet.check(self.currency)?;
        self.catalog.ensure_category(&sheet.category).await?;
        let mut after = before.rewritten(sheet);
        after.product.updated_at = self.clock.now();
        self.save(&before, after, Event::ProductUpdated, trace, once).await
    }
}

impl Listing {
    /// The next version, which says what `sheet` says. Another price has another version; the same price keeps it, so that
    /// a changed description refuses nobody's order.
    fn rewritten(&self, sheet: Sheet) -> Self {
        let price_version = self.offer.price_version + u64::from(sheet.price != self.offer.price);
        Self {
            offer: Offer {
                name: sheet.name.as_str().to_owned(),
                price: sheet.price,
                price_version,
                tax_class: sheet.tax_class,
                ..self.offer.clone()
            },
            product: Product {
                name: sheet.name,
                description: sheet.description,
                category: sheet.category,
                tags: sheet.tags,
                attributes: sheet.attributes,
                version: self.product.version + 1,
                ..self.product.clone()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::product::tests::{listing, sheet};

    #[test]
    fn another_price_has_another_version_and_another_word_has_not() {
        let before = listing();
        let same = before.rewritten(before.sheet());
        assert_eq!((same.product.version, same.offer.price_version), (2, 1));
        let mut dearer = sheet();
        dearer.price.amount += 1;
        let after = before.rewritten(dearer);
        assert_eq!((after.product.version, after.offer.price_version), (2, 2));
        assert_eq!(after.offer.available, before.offer.available);
    }
}
