//! What the catalog has of the names in the scopes of a promotion.

use std::collections::BTreeSet;

use catalog::{Catalog, Category};
use promotions::ScopeNames;
use values::{ProductId, Result, Sku, Timestamp};

/// Rows in one read.
const PAGE: usize = 100;

/// Fails with 422 `scope_unknown` if the catalog does not have a SKU, a product or a category of these. Tags and brands are no rows of the
/// catalog: a product may get one later. 0 to 5 round trips.
pub(crate) async fn check_names(catalog: &Catalog, names: ScopeNames, now: Timestamp) -> Result<()> {
    let known = ScopeNames {
        skus: known_skus(catalog, &names.skus).await?,
        products: known_products(catalog, &names.products).await?,
        categories: known_categories(catalog, &names.categories, now).await?,
        tags: names.tags.clone(),
        brands: names.brands.clone(),
    };
    names.check(&known)
}

async fn known_skus(catalog: &Catalog, names: &BTreeSet<Sku>) -> Result<BTreeSet<Sku>> {
    let names: Vec<Sku> = names.iter().cloned().collect();
    let mut known = BTreeSet::new();
    for page in names.chunks(PAGE) {
        known.extend(catalog.offers(page).await?.into_iter().map(|offer| offer.sku));
    }
    Ok(known)
}

async fn known_products(catalog: &Catalog, names: &BTreeSet<ProductId>) -> Result<BTreeSet<ProductId>> {
    let names: Vec<ProductId> = names.iter().copied().collect();
    let mut known = BTreeSet::new();
    for page in names.chunks(PAGE) {
        known.extend(catalog.products(page).await?.into_iter().map(|product| product.id));
    }
    Ok(known)
}

async fn known_categories(catalog: &Catalog, names: &BTreeSet<String>, now: Timestamp) -> Result<BTreeSet<String>> {
    let categories: Vec<Category> = names.iter().filter_map(|name| Category::from_path(name)).collect();
    let known = catalog.existing_categories(&categories, now).await?;
    Ok(known.into_iter().map(|category| category.as_str().to_owned()).collect())
}
