//! The catalog's table: the only file that knows its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | offers of SKUs (cart, order, list) | `SKU#{sku}` / `OFFER` each | table, BatchGet | 1 read unit each |
//! | sell, give back, count | `SKU#{sku}` / `OFFER`, conditional update | table | 1 write unit (2 in a transaction) |
//! | a product with its offer | `PRODUCT#{id}` / `PRODUCT` and the offer's key | table, BatchGet | 1 read unit per 4 KB + 1 |
//! | create, replace, patch, archive | product + offer + `OUTBOX#nn` | transaction | 2 per KB and row, and 2 per index entry |
//! | newest products | `gsi1pk = PRODUCTS#{shard}` and `gsi1sk < {id}`, 4 shards at once | gsi1 | half a unit per 4 KB and shard |
//! | newest of a category | `gsi2pk = CATEGORY#{category}#{shard}` and `gsi2sk < {id}`, likewise | gsi2 | likewise |
//! | categories | `CATEGORIES`, all of it | table, Query | 1 read unit per 4 KB |
//!
//! **A product and its offer lie apart**, because carts and orders know SKUs and nothing else, and because a sale must not
//! rewrite a description. No index leads from a product to its offer: every sale would pay for keeping it. Instead a sandbox
//! remembers which SKU a product has (it never changes), and reads both rows in one BatchGet; only the first look at a product
//! in a sandbox takes two steps. Archived products leave both indexes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use aws_kit::fault::mutant;
use aws_kit::{Aws, Key, Query, Table, Write};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use values::{Error, Page, PageRequest, ProductId, Result, Sku};

use crate::stock::Movement;
use crate::{Category, Listing, Offer, Product, Status};

/// Of the indexes that lists are read from, so that no one partition takes every write of an import.
const SHARDS: u8 = 4;
/// SKUs of products, and categories, that a sandbox remembers; about a megabyte, then it begins anew.
const REMEMBERED: usize = 10_000;
/// More categories than a shop has, fewer than a page of a query holds.
const MOST_CATEGORIES: u32 = 1000;

/// The catalog as other contexts use it: reads, and fragments of their transactions. Cheap to clone; clones share what
/// they remember.
#[derive(Debug, Clone)]
pub struct Catalog {
    table: Table,
    known: Arc<Mutex<Known>>,
}

/// What never changes once it is there.
#[derive(Debug, Default)]
struct Known {
    skus: HashMap<ProductId, Sku>,
    categories: HashSet<Category>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Row {
    Product(Box<Product>),
    Offer(Box<Offer>),
}

#[derive(Serialize, Deserialize)]
struct CategoryRow {
    category: Category,
}

impl Catalog {
    /// The table that `SOUK_TABLE_CATALOG` names.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_CATALOG")?))
    }

    /// That table.
    pub fn new(table: Table) -> Self {
        Self { table, known: Arc::default() }
    }

    /// The table, for a connection to be warmed.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The offers of SKUs (100 at most, each once), archived ones too, in no order; those that exist.
    pub async fn offers(&self, skus: &[Sku]) -> Result<Vec<Offer>> {
        let keys: Vec<Key> = skus.iter().map(|sku| self.offer_key(sku)).collect();
        self.table.batch_get(&keys).await
    }

    /// Where the offer of a SKU lies, for whoever reads it together with a row of its own.
    pub fn offer_key(&self, sku: &Sku) -> Key {
        Key::new(format!("SKU#{sku}"), "OFFER")
    }

    /// The SKU of a product that has one; none when there is no such product. Remembered: 0 or 1 round trips.
    pub async fn sku_of(&self, product: ProductId) -> Result<Option<Sku>> {
        if let Some(sku) = self.known(|known| known.skus.get(&product).cloned()) {
            return Ok(Some(sku));
        }
        let found = self.table.peek::<Product>(product_key(product)).await?;
        Ok(found.map(|product| self.remember(&product)))
    }

    /// The write that sells `quantity` pieces (all lines of the SKU summed) at the price of that version.
    /// [`crate::why_unsold`] reads its refusal.
    pub fn take(&self, sku: &Sku, quantity: u32, price_version: u64) -> Result<Write> {
        let enough = if mutant("no_stock_condition") { "attribute_exists(pk)" } else { "available >= :q" };
        // Versions only grow, so the mutant sells at any price.
        let price = if mutant("price_version_ignored") { "priceVersion >= :v" } else { "priceVersion = :v" };
        Write::update(&self.table, self.offer_key(sku), "SET available = available - :q")
            .when(format!("{enough} AND #status = :active AND {price}"))
            .name("#status", "status")
            .value(":q", quantity)?
            .value(":active", Status::Active)?
            .value(":v", price_version)
    }

    /// The write that brings pieces back which were taken, whatever became of the offer meanwhile.
    pub fn give_back(&self, sku: &Sku, quantity: u32) -> Result<Write> {
        let quantity = if mutant("stock_returned_twice") { 2 * quantity } else { quantity };
        let quantity = if mutant("stock_not_returned") { 0 } else { quantity };
        Write::update(&self.table, self.offer_key(sku), "SET available = available + :q")
            .when("attribute_exists(pk)")
            .value(":q", quantity)
    }

    /// A product with its offer, as both are now: 1 round trip, 2 when this sandbox never saw the product.
    pub(crate) async fn listing(&self, id: ProductId) -> Result<Option<Listing>> {
        let (mut product, mut offer) = (None, None);
        match self.known(|known| known.skus.get(&id).cloned()) {
            None => {
                let Some(found) = self.table.get::<Product>(product_key(id)).await? else { return Ok(None) };
                offer = self.table.get(self.offer_key(&self.remember(&found))).await?;
                product = Some(found);
            }
            Some(sku) => {
                for row in self.table.batch_get(&[product_key(id), self.offer_key(&sku)]).await? {
                    match row {
                        Row::Product(row) => product = Some(*row),
                        Row::Offer(row) => offer = Some(*row),
                    }
                }
            }
        }
        match (product, offer) {
            (Some(product), Some(offer)) => Ok(Some(Listing { product, offer })),
            (Some(product), None) => Err(Error::internal(format!("{} has no offer", product.sku))),
            (None, _) => Ok(None),
        }
    }

    /// The newest products of every shard, `limit` each, after the one that a page ended with.
    pub(crate) async fn newest(
        &self,
        category: Option<&Category>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Page<Product>>> {
        let request = PageRequest { limit, after: None };
        try_join_all((0..SHARDS).map(|shard| {
            let query = match category {
                None => Query::index(&self.table, "gsi1", format!("PRODUCTS#{shard}")),
                Some(category) => Query::index(&self.table, "gsi2", format!("CATEGORY#{category}#{shard}")),
            };
            let query = before.map_or(query.clone(), |id| query.before(id)).descending();
            let request = &request;
            async move { query.page(request).await }
        }))
        .await
    }

    /// The write of a product's row, with its places in the lists while it is in the shop.
    pub(crate) fn put_product(&self, product: &Product) -> Result<Write> {
        let write = Write::put(&self.table, product_key(product.id), product)?;
        if product.status == Status::Archived {
            return Ok(write);
        }
        let shard = product.id.uuid().as_bytes()[15] % SHARDS;
        write
            .attribute("gsi1pk", format!("PRODUCTS#{shard}"))?
            .attribute("gsi1sk", product.id)?
            .attribute("gsi2pk", format!("CATEGORY#{}#{shard}", product.category))?
            .attribute("gsi2sk", product.id)
    }

    /// The write of a product that is at `version` now.
    pub(crate) fn put_product_over(&self, version: u64, product: &Product) -> Result<Write> {
        self.put_product(product)?.when("version = :v").value(":v", version)
    }

    /// Changes nothing; refused unless the product is at that version.
    pub(crate) fn check_version(&self, id: ProductId, version: u64) -> Result<Write> {
        Write::check(&self.table, product_key(id)).when("version = :v").value(":v", version)
    }

    /// The write of a new offer; refused when its SKU is taken.
    pub(crate) fn create_offer(&self, offer: &Offer) -> Result<Write> {
        Write::create(&self.table, self.offer_key(&offer.sku), offer)
    }

    /// The write that gives an offer another name, price, tax class or status. Its condition is the product's version, in the
    /// same transaction; the stock, which sales move meanwhile, is not touched.
    pub(crate) fn change_offer(&self, offer: &Offer) -> Result<Write> {
        let set = "SET #name = :name, price = :price, priceVersion = :pv, taxClass = :tax, #status = :status";
        Write::update(&self.table, self.offer_key(&offer.sku), set)
            .when("attribute_exists(pk)")
            .name("#name", "name")
            .name("#status", "status")
            .value(":name", &offer.name)?
            .value(":price", offer.price)?
            .value(":pv", offer.price_version)?
            .value(":tax", &offer.tax_class)?
            .value(":status", offer.status)
    }

    /// The write that counts `before` anew as `available`. Setting overrides sales that ran beside it; moving by a delta has
    /// to start from the number it was computed from.
    pub(crate) fn count(&self, before: &Offer, movement: Movement, available: u32) -> Result<Write> {
        let set = "SET available = :n, stockVersion = :next";
        let write = Write::update(&self.table, self.offer_key(&before.sku), set)
            .value(":n", available)?
            .value(":next", before.stock_version + 1)?
            .value(":sv", before.stock_version)?;
        match movement {
            Movement::Set(_) => Ok(write.when("stockVersion = :sv")),
            Movement::Delta(_) => write.when("stockVersion = :sv AND available = :had").value(":had", before.available),
        }
    }

    /// Every category there is, in alphabetical order.
    pub(crate) async fn read_categories(&self) -> Result<Vec<Category>> {
        let rows = Query::of(&self.table, "CATEGORIES").first::<CategoryRow>(MOST_CATEGORIES).await?;
        Ok(rows.into_iter().map(|row| row.category).collect())
    }

    /// Makes sure of a category before the first product lies in it: 1 round trip, none when this sandbox knows it. Outside
    /// of the product's transaction, where an import's products would collide on its row.
    pub(crate) async fn ensure_category(&self, category: &Category) -> Result<()> {
        if self.known(|known| known.categories.contains(category)) {
            return Ok(());
        }
        let key = Key::new("CATEGORIES", category.as_str());
        // Refused means that it is there already.
        let _ = Write::create(&self.table, key, &CategoryRow { category: category.clone() })?.run().await?;
        self.known(|known| known.categories.insert(category.clone()));
        Ok(())
    }

    fn remember(&self, product: &Product) -> Sku {
        self.known(|known| {
            if known.skus.len() >= REMEMBERED {
                known.skus.clear();
            }
            known.skus.insert(product.id, product.sku.clone());
        });
        product.sku.clone()
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        // Half an insertion cannot be seen, so a panic elsewhere spoils nothing.
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn product_key(product: ProductId) -> Key {
    Key::new(format!("PRODUCT#{product}"), "PRODUCT")
}
