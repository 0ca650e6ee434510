//! Use case of carts and orders: offers and quantities as the lines of a price.

use std::collections::HashMap;

use values::{ProductId, Quantity, Result, Sku, Timestamp};

use crate::{Catalog, Category, Offer, ScopeKeys, TaxClass};

/// What a price needs of an offer and a quantity. A cart keeps it, so that its price needs no offer.
#[derive(Debug, Clone)]
pub struct PricedItem<'a> {
    pub sku: &'a Sku,
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub prices: Vec<pricing::ListPrice>,
    pub tax_class: &'a TaxClass,
    /// None: an earlier release has written the offer.
    pub scope_keys: Option<&'a ScopeKeys>,
}

impl<'a> PricedItem<'a> {
    /// Pieces of an offer, with all its prices.
    pub fn of(offer: &'a Offer, quantity: Quantity) -> Self {
        Self {
            sku: &offer.sku,
            product_id: offer.product_id,
            quantity,
            prices: offer.list_prices(),
            tax_class: &offer.tax_class,
            scope_keys: offer.scope_keys.as_ref(),
        }
    }
}

impl Catalog {
    /// The lines for the price of an order, in the order of `wanted`: at most 100, with all list prices, and with the keys by which
    /// promotions name them. The tree of categories is at most 30 s old. 0 or 1 round trips; 1 more if an earlier release has written one
    /// of the offers.
    pub async fn lines(&self, wanted: &[(&Offer, Quantity)], now: Timestamp) -> Result<Vec<pricing::Line>> {
        self.item_lines(wanted.iter().map(|(offer, quantity)| PricedItem::of(offer, *quantity)).collect(), now).await
    }

    /// The same for items that a cart has kept.
    pub async fn item_lines(&self, items: Vec<PricedItem<'_>>, now: Timestamp) -> Result<Vec<pricing::Line>> {
        let scopes = self.scope_keys(&items).await?;
        let categories: Vec<Category> = scopes.iter().flatten().map(|keys| keys.category.clone()).collect();
        let lineages = if categories.is_empty() { Vec::new() } else { self.lineages(&categories, now).await? };
        let mut lineages = lineages.into_iter();
        let lines = items.into_iter().zip(scopes).map(|(item, keys)| {
            let lineage = keys.as_ref().and_then(|_| lineages.next()).unwrap_or_default();
            line(item, keys, lineage)
        });
        Ok(lines.collect())
    }

    /// The scope keys of items. Those of an item without them are read from its product; none if the product does not exist.
    async fn scope_keys(&self, items: &[PricedItem<'_>]) -> Result<Vec<Option<ScopeKeys>>> {
        let mut ids: Vec<ProductId> =
            items.iter().filter(|item| item.scope_keys.is_none()).map(|item| item.product_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let products = if ids.is_empty() { Vec::new() } else { self.products(&ids).await? };
        let read: HashMap<ProductId, ScopeKeys> = products
            .iter()
            .map(|product| (product.id, ScopeKeys::new(&product.category, product.brand.as_ref(), &product.tags)))
            .collect();
        let keys = |item: &PricedItem<'_>| item.scope_keys.cloned().or_else(|| read.get(&item.product_id).cloned());
        Ok(items.iter().map(keys).collect())
    }
}

/// The line of an item. `lineage` is its category with all above it.
pub(crate) fn line(item: PricedItem<'_>, keys: Option<ScopeKeys>, lineage: Vec<Category>) -> pricing::Line {
    let (brand, tags) = keys.map(|keys| (keys.brand, keys.tags)).unwrap_or_default();
    pricing::Line {
        sku: item.sku.clone(),
        quantity: item.quantity,
        prices: item.prices,
        product_id: Some(item.product_id),
        categories: lineage.into_iter().map(String::from).collect(),
        tags,
        brand,
        tax_class: item.tax_class.as_str().to_owned(),
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
        let (item, three) = (PricedItem::of(&mug, Quantity::new(3).unwrap()), Quantity::new(3).unwrap());
        let keys = item.scope_keys.cloned();
        let line = line(item, keys, vec![category("ceramics"), category("kitchen")]);
        assert_eq!((&line.sku, line.product_id, line.quantity), (&mug.sku, Some(mug.product_id), three));
        assert_eq!(line.categories, ["ceramics", "kitchen"]);
        assert_eq!((line.tags, line.brand.as_deref()), (vec!["mug".to_owned(), "blue".to_owned()], Some("kiln & co")));
        assert_eq!((line.tax_class.as_str(), line.prices.len()), ("reduced", 1));
    }
}
