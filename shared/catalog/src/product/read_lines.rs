//! Use case of carts and orders: offers and quantities as the lines of a price.

use std::collections::HashMap;

use values::{ProductId, Quantity, Result, Timestamp};

use crate::{Catalog, Category, Offer, ScopeKeys};

impl Catalog {
    /// The lines for the price of an order, in the order of `wanted`: at most 100, with all list prices, and with the keys by which
    /// promotions name them. The tree of categories is at most 30 s old. 0 or 1 round trips; 1 more if an earlier release has written one
    /// of the offers.
    pub async fn lines(&self, wanted: &[(&Offer, Quantity)], now: Timestamp) -> Result<Vec<pricing::Line>> {
        let scopes = self.scope_keys(wanted.iter().map(|(offer, _)| *offer)).await?;
        let categories: Vec<Category> = scopes.iter().flatten().map(|keys| keys.category.clone()).collect();
        let lineages = if categories.is_empty() { Vec::new() } else { self.lineages(&categories, now).await? };
        let mut lineages = lineages.into_iter();
        let lines = wanted.iter().zip(scopes).map(|((offer, quantity), keys)| {
            let lineage = keys.as_ref().and_then(|_| lineages.next()).unwrap_or_default();
            line(offer, *quantity, keys, lineage)
        });
        Ok(lines.collect())
    }

    /// The scope keys of offers. Those of an offer without them are read from its product; none if the product does not exist.
    async fn scope_keys<'o>(&self, offers: impl Iterator<Item = &'o Offer> + Clone) -> Result<Vec<Option<ScopeKeys>>> {
        let mut ids: Vec<ProductId> =
            offers.clone().filter(|offer| offer.scope_keys.is_none()).map(|offer| offer.product_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let products = if ids.is_empty() { Vec::new() } else { self.products(&ids).await? };
        let read: HashMap<ProductId, ScopeKeys> = products
            .iter()
            .map(|product| (product.id, ScopeKeys::new(&product.category, product.brand.as_ref(), &product.tags)))
            .collect();
        Ok(offers.map(|offer| offer.scope_keys.clone().or_else(|| read.get(&offer.product_id).cloned())).collect())
    }
}

/// The line of an offer. `lineage` is its category with all above it.
pub(crate) fn line(
    offer: &Offer,
    quantity: Quantity,
    keys: Option<ScopeKeys>,
    lineage: Vec<Category>,
) -> pricing::Line {
    let (brand, tags) = keys.map(|keys| (keys.brand, keys.tags)).unwrap_or_default();
    pricing::Line {
        sku: offer.sku.clone(),
        quantity,
        prices: offer.list_prices(),
        product_id: Some(offer.product_id),
        categories: lineage.into_iter().map(String::from).collect(),
        tags,
        brand,
        tax_class: offer.tax_class.as_str().to_owned(),
        is_discountable: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::listing;

    fn category(key: &str) -> Category {
        Category::try_from(key.to_owned()).unwrap()
    }

    #[test]
    fn line_has_the_keys_by_which_promotions_name_it() {
        let mug = listing().main_offer;
        let (keys, three) = (mug.scope_keys.clone(), Quantity::new(3).unwrap());
        let line = line(&mug, three, keys, vec![category("ceramics"), category("kitchen")]);
        assert_eq!((&line.sku, line.product_id, line.quantity), (&mug.sku, Some(mug.product_id), three));
        assert_eq!(line.categories, ["ceramics", "kitchen"]);
        assert_eq!((line.tags, line.brand.as_deref()), (vec!["mug".to_owned(), "blue".to_owned()], Some("kiln & co")));
        assert_eq!((line.tax_class.as_str(), line.prices.len()), ("reduced", 1));
    }
}
