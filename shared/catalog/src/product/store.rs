//! Rows of products: read with their offers and ratings, listed, written; and their history.

use std::collections::HashMap;

use aws_kit::{Key, Query, Write};
use futures::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::Value;
use values::{Error, Page, PageRequest, Position, ProductId, Result, Sku, nfc};

use crate::store::SHARDS;
use crate::{Catalog, Listing, Offer, Product, Rating, Revision, Status};

/// The limit of a DynamoDB batch read.
const MAX_KEYS: usize = 100;
/// Reads in parallel.
const AT_ONCE: usize = 8;
/// Reads of a product that is being changed. The rows of one read can belong to two versions.
const MAX_READS: u32 = 4;

/// Rows of several kinds that were read together.
#[derive(Default)]
struct Rows {
    products: Vec<Product>,
    offers: HashMap<Sku, Offer>,
    /// By the partition of their product.
    ratings: HashMap<String, Rating>,
}

/// A product as it was read.
#[derive(Debug)]
pub(crate) struct StoredProduct {
    pub(crate) product: Product,
    /// Its texts and keys are stored as today's release writes them.
    pub(crate) is_in_form: bool,
    /// The tags of its row that are another spelling of an earlier one, and are not read.
    pub(crate) merged_tags: Vec<String>,
}

impl StoredProduct {
    fn read(row: Value, shard: u8) -> Result<Self> {
        let partition = row["gsi2pk"].clone();
        let product: Product = parse(row.clone())?;
        let Value::Object(written) = serde_json::to_value(&product).map_err(Error::internal)? else {
            return Err(Error::internal("a product is written as another type than an object"));
        };
        let is_listed = partition == category_partition(product.category.as_str(), shard);
        let is_in_form = is_listed && written.iter().all(|(name, value)| row[name] == *value);
        let tags = row["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let is_merged = |tag: &&str| !product.tags.iter().any(|there| there == nfc(tag.trim()));
        let merged_tags = tags.filter(is_merged).map(str::to_owned).collect();
        Ok(Self { product, is_in_form, merged_tags })
    }
}

impl Catalog {
    /// The SKU of a product; `None` if the product does not exist. Kept in memory. 0 or 1 round trips.
    pub async fn sku_of(&self, product: ProductId) -> Result<Option<Sku>> {
        if let Some(sku) = self.memory(|memory| memory.skus.get(&product).and_then(|skus| skus.first().cloned())) {
            return Ok(Some(sku));
        }
        let found = self.table.peek::<Product>(product_key(product)).await?;
        if let Some(found) = &found {
            self.remember_skus(found);
        }
        Ok(found.map(|product| product.sku))
    }

    /// A product with its current offers and rating. 1 round trip, 2 if the product or its newest variants are new to
    /// this execution environment. 1 more to count the buckets of bucketed offers.
    pub async fn listing(&self, id: ProductId) -> Result<Option<Listing>> {
        for _ in 0..MAX_READS {
            match self.try_read(id).await? {
                None => return Ok(None),
                Some(Some(listing)) if listing.is_consistent() => return self.counted(listing).await.map(Some),
                // A concurrent update: the rows belong to two versions.
                Some(_) => {}
            }
        }
        Err(Error::unavailable("database", "too many concurrent updates of a product"))
    }

    /// The existing products of up to 100 ids, in no order. Archived products are included. 1 round trip.
    pub async fn products(&self, ids: &[ProductId]) -> Result<Vec<Product>> {
        let keys: Vec<Key> = ids.iter().map(|id| product_key(*id)).collect();
        self.table.batch_get(&keys).await
    }

    /// The products of up to 100 distinct SKUs, each once for each SKU, in no order. A product may have lost the SKU, or may be
    /// archived. 1 round trip.
    pub async fn products_of_skus(&self, skus: &[Sku]) -> Result<Vec<ProductId>> {
        let keys: Vec<Key> = skus.iter().map(|sku| self.offer_key(sku)).collect();
        // As rows of any kind, which the functions that list products read anyway.
        Ok(self.read_rows(&keys).await?.offers.into_values().map(|offer| offer.product_id).collect())
    }

    /// The current offers and rating of a product that was read before. `None` if an offer is missing. 1 round trip, 1 more to count the
    /// buckets of bucketed offers.
    pub(crate) async fn listing_of(&self, product: Product) -> Result<Option<Listing>> {
        match self.listings(vec![product]).await?.pop() {
            Some(listing) => self.counted(listing).await.map(Some),
            None => Ok(None),
        }
    }

    /// The current offers and ratings of products that were read before, in their order. A product with a missing offer
    /// is left out. A product may be older than its offers. A round trip per 100 rows, some of them in parallel.
    pub async fn listings(&self, products: Vec<Product>) -> Result<Vec<Listing>> {
        let of = |product: &Product| {
            let offers = product.skus().map(|sku| self.offer_key(sku));
            std::iter::once(rating_key(product.id)).chain(offers).collect::<Vec<_>>()
        };
        let keys: Vec<Key> = products.iter().flat_map(of).collect();
        let mut rows = Rows::default();
        for batches in keys.chunks(MAX_KEYS * AT_ONCE) {
            for found in try_join_all(batches.chunks(MAX_KEYS).map(|keys| self.read_rows(keys))).await? {
                rows.offers.extend(found.offers);
                rows.ratings.extend(found.ratings);
            }
        }
        Ok(products.into_iter().filter_map(|product| rows.listing(product)).collect())
    }

    /// The active products of one of the [`Catalog::SHARDS`], in order of creation: at most `limit`, or a megabyte.
    /// Some moments behind the table. 1 round trip.
    pub async fn walk(&self, shard: u8, after: Option<Position>, limit: u32) -> Result<Page<Product>> {
        let request = PageRequest { limit, after };
        Query::index(&self.table, "gsi1", format!("PRODUCTS#{shard}")).page(&request).await
    }

    /// The same, with what is known of the rows.
    pub(crate) async fn walk_rows(
        &self,
        shard: u8,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Page<StoredProduct>> {
        let request = PageRequest { limit, after };
        let page: Page<Value> = Query::index(&self.table, "gsi1", format!("PRODUCTS#{shard}")).page(&request).await?;
        let rows = page.rows.into_iter().map(|row| StoredProduct::read(row, shard)).collect::<Result<_>>()?;
        Ok(Page { rows, next: page.next })
    }

    /// Does an active product have a category of one of these keys? Subcategories do not count. Some moments behind the table. 1 round
    /// trip for each key.
    pub(crate) async fn has_products(&self, keys: impl Iterator<Item = &str>) -> Result<bool> {
        for key in keys {
            let reads = (0..SHARDS)
                .map(|shard| Query::index(&self.table, "gsi2", category_partition(key, shard)).first::<Value>(1));
            if try_join_all(reads).await?.iter().any(|found| !found.is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The write of a product, with its index keys while it is active.
    pub(crate) fn put_product(&self, product: &Product) -> Result<Write> {
        let write = Write::put(&self.table, product_key(product.id), product)?;
        if product.status == Status::Archived {
            return Ok(write);
        }
        let shard = product.id.uuid().as_bytes()[15] % SHARDS;
        write
            .attribute("gsi1pk", format!("PRODUCTS#{shard}"))?
            .attribute("gsi1sk", product.id)?
            .attribute("gsi2pk", category_partition(product.category.as_str(), shard))?
            .attribute("gsi2sk", product.id)
    }

    /// The write of a product that is at `version`.
    pub(crate) fn put_product_over(&self, version: u64, product: &Product) -> Result<Write> {
        self.put_product(product)?.when("version = :v").value(":v", version)
    }

    /// Writes nothing. Its condition fails if the product is not at this version.
    pub(crate) fn check_version(&self, id: ProductId, version: u64) -> Result<Write> {
        Write::check(&self.table, product_key(id)).when("version = :v").value(":v", version)
    }

    /// The write of a revision.
    pub(crate) fn put_revision(&self, id: ProductId, revision: &Revision) -> Result<Write> {
        Write::create(&self.table, Key::new(partition(id), format!("CHANGE#{:010}", revision.version)), revision)
    }

    /// The revisions of a product, newest first. 1 round trip.
    pub(crate) async fn revisions(&self, id: ProductId, request: &PageRequest) -> Result<Page<Revision>> {
        Query::of(&self.table, partition(id)).begins_with("CHANGE#").descending().page(request).await
    }

    /// Inner `None`: an offer is missing.
    async fn try_read(&self, id: ProductId) -> Result<Option<Option<Listing>>> {
        let skus = self.memory(|memory| memory.skus.get(&id).cloned()).unwrap_or_default();
        let offers = skus.iter().map(|sku| self.offer_key(sku));
        let keys: Vec<Key> = [product_key(id), rating_key(id)].into_iter().chain(offers).collect();
        let mut rows = self.read_rows(&keys).await?;
        let Some(product) = rows.products.pop() else { return Ok(None) };
        self.remember_skus(&product);
        let missing: Vec<Key> =
            product.skus().filter(|sku| !rows.offers.contains_key(*sku)).map(|sku| self.offer_key(sku)).collect();
        if !missing.is_empty() {
            rows.offers.extend(self.read_rows(&missing).await?.offers);
        }
        Ok(Some(rows.listing(product)))
    }

    async fn read_rows(&self, keys: &[Key]) -> Result<Rows> {
        let mut rows = Rows::default();
        for row in self.table.batch_get::<Value>(keys).await? {
            match row["sk"].as_str() {
                Some("PRODUCT") => rows.products.push(parse(row)?),
                Some("RATING") => {
                    let key = row["pk"].as_str().unwrap_or_default().to_owned();
                    rows.ratings.insert(key, parse(row)?);
                }
                _ => {
                    let offer: Offer = parse(row)?;
                    rows.offers.insert(offer.sku.clone(), offer);
                }
            }
        }
        Ok(rows)
    }
}

impl Rows {
    /// A product with its rows; `None` if an offer is missing.
    fn listing(&mut self, product: Product) -> Option<Listing> {
        let rating = self.ratings.remove(&partition(product.id)).unwrap_or_default();
        let main_offer = self.offers.remove(&product.sku)?;
        let variants =
            product.variants.iter().map(|variant| self.offers.remove(&variant.sku)).collect::<Option<_>>()?;
        Some(Listing { product, main_offer, variants, rating, removed: Vec::new() })
    }
}

/// The partition of `gsi2` that lists the active products of a category, in one shard.
fn category_partition(key: &str, shard: u8) -> String {
    format!("CATEGORY#{key}#{shard}")
}

fn parse<T: DeserializeOwned>(row: Value) -> Result<T> {
    serde_json::from_value(row).map_err(Error::internal)
}

/// The partition of a product.
pub(crate) fn partition(product: ProductId) -> String {
    format!("PRODUCT#{product}")
}

fn product_key(product: ProductId) -> Key {
    Key::new(partition(product), "PRODUCT")
}

pub(crate) fn rating_key(product: ProductId) -> Key {
    Key::new(partition(product), "RATING")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::listing::tests::{listing, shirt};
    use serde_json::json;

    /// The row as a release writes it that has this partition.
    fn row(product: &Product, partition: &str) -> Value {
        let mut row = serde_json::to_value(product).unwrap();
        row["gsi2pk"] = json!(partition);
        row
    }

    fn is_in_form(row: Value) -> bool {
        StoredProduct::read(row, 2).unwrap().is_in_form
    }

    #[test]
    fn row_of_today_is_in_form() {
        for product in [listing().product, shirt().product] {
            assert!(is_in_form(row(&product, "CATEGORY#ceramics#2")), "{product:?}");
        }
    }

    #[test]
    fn tags_that_are_not_read_are_known() {
        let mut row = row(&listing().product, "CATEGORY#ceramics#2");
        row["tags"] = json!(["Tea", "tea", "Cafe\u{301}", "Caf\u{e9}", "ＴＥＡ", "mug"]);
        let stored = StoredProduct::read(row, 2).unwrap();
        assert_eq!(stored.merged_tags, ["tea", "ＴＥＡ"]);
        assert_eq!(stored.product.tags.iter().collect::<Vec<_>>(), ["Tea", "Café", "mug"]);
    }

    #[test]
    fn row_with_another_form_of_a_text_or_a_key_is_not() {
        let shirt = row(&shirt().product, "CATEGORY#ceramics#2");
        for (pointer, old) in [
            ("/gsi2pk", json!("CATEGORY#Ceramics#2")),
            ("/category", json!("Ceramics")),
            ("/name", json!("Cafe\u{301}")),
            ("/description", json!("Cafe\u{301}")),
            ("/brand", json!("Zoe\u{308}")),
            ("/tags", json!(["Tea", "tea"])),
            ("/attributes", json!({ "Cafe\u{301}": "x" })),
            ("/attributes", json!({ "x": "Cafe\u{301}" })),
            ("/options/0/name", json!("gro\u{308}ße")),
            ("/variants/0/options", json!({ "size": "M", "colo\u{308}ur": "red" })),
        ] {
            let mut row = shirt.clone();
            *row.pointer_mut(pointer).unwrap() = old;
            assert!(!is_in_form(row), "{pointer}");
        }
    }
}
