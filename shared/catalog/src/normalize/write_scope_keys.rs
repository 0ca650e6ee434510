//! Use case: write the scope keys of a product into its offers that an earlier release has written, so that the price of an order needs no
//! product. The product shows nothing else, so it keeps its version, and there is no event.

use std::collections::HashSet;

use aws_kit::{Changes, ConditionFailures, Decision, Transaction};
use values::{ProductId, Result, Sku};

use crate::normalize::rewrite_products::is_written;
use crate::product::store::StoredProduct;
use crate::{CatalogService, Listing, Offer, Product, ScopeKeys};

impl CatalogService {
    /// Those of at most 100 products whose offers have no scope keys. The offer of a product's own SKU tells, because all its offers get
    /// the keys in one transaction. 1 round trip.
    pub(crate) async fn products_without_scope_keys(&self, rows: &[StoredProduct]) -> Result<HashSet<ProductId>> {
        let skus: Vec<Sku> = rows.iter().map(|row| row.product.sku.clone()).collect();
        if skus.is_empty() {
            return Ok(HashSet::new());
        }
        let offers = self.catalog.offers(&skus).await?.into_iter();
        Ok(offers.filter(|offer| offer.scope_keys.is_none()).map(|offer| offer.product_id).collect())
    }

    /// Writes the scope keys of a product into its offers that have none. False if it was archived meanwhile. 2 round trips.
    pub(crate) async fn write_scope_keys(&self, id: ProductId) -> Result<bool> {
        let decide = |_: Option<ConditionFailures>| async move {
            let listing = self.listing_at_version(id, None).await?;
            let offers = offers_with_scope_keys(&listing);
            if offers.is_empty() {
                return Ok(Decision::Unchanged(()));
            }
            let mut writes = Transaction::new();
            // A product of another version may have another category, brand or tag.
            writes.add(self.catalog.check_version(id, listing.product.version)?);
            for (was, offer) in &offers {
                writes.add(self.catalog.change_offer(was, offer)?);
            }
            Ok(Changes::new(writes, ()).into())
        };
        is_written(self.write_product(id, None, decide).await)
    }
}

/// The offers without scope keys, and as they are with them.
fn offers_with_scope_keys(listing: &Listing) -> Vec<(&Offer, Offer)> {
    let Product { category, brand, tags, .. } = &listing.product;
    let keys = ScopeKeys::new(category, brand.as_ref(), tags);
    let missing = listing.offers().filter(|offer| offer.scope_keys.is_none());
    missing.map(|offer| (offer, Offer { scope_keys: Some(keys.clone()), ..offer.clone() })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::shirt;

    #[test]
    fn offers_of_an_earlier_release_get_the_keys_of_their_product_and_nothing_else() {
        let today = shirt();
        assert!(offers_with_scope_keys(&today).is_empty());
        let mut old = today.clone();
        old.offers_mut().for_each(|offer| offer.scope_keys = None);
        let written: Vec<Offer> = offers_with_scope_keys(&old).into_iter().map(|(_, offer)| offer).collect();
        assert_eq!(written, today.offers().cloned().collect::<Vec<_>>());
        let mut some = today.clone();
        some.variants[1].scope_keys = None;
        let skus: Vec<_> = offers_with_scope_keys(&some).iter().map(|(was, _)| was.sku.clone()).collect();
        assert_eq!(skus, [today.variants[1].sku.clone()]);
    }
}
