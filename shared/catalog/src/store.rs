//! The catalog's table. Only this file and the `store.rs` files of the rooms know its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | offers of SKUs (cart, order, list) | `SKU#{sku}` / `OFFER` each | table, BatchGet | 1 read unit each |
//! | reserve, release stock, and name the movement | `SKU#{sku}` / `OFFER`, conditional update | table | 2 write units, in the order's transaction |
//! | reserve stock in buckets | `SKU#{sku}#{bucket}` / `BUCKET`, conditional update | table | 2 write units each, in the order's transaction |
//! | count the buckets of a bucketed offer | the same, 100 at once | table, BatchGet | 1 read unit each |
//! | rebalance 1 to 3 groups of 32 buckets | the same, each as it was read, and `OFFER` | transaction | 2 a row, and 1 for `gsi3` |
//! | write a price or a status to the buckets | the same, each alone, if it is behind | table | 1 write unit each |
//! | bucketed offers (housekeeping) | `gsi3pk = FLASH`, by SKU | gsi3 | half a unit per 4 KB |
//! | adjust stock | `SKU#{sku}` / `OFFER` on its `stockVersion`; `MOVES#{sku}` / `{at}#{stockVersion}` | transaction | 2 a row |
//! | log the sale or return of an order | `MOVES#{sku}` / `{at}#{order}#sale` or `#returned` | table | 1 write unit each SKU |
//! | are movements logged | the same, 100 at once | table, BatchGet | half a read unit each |
//! | movements of a SKU | `MOVES#{sku}`, newest first | table, Query | 1 read unit per 4 KB |
//! | a product with offers and rating | `PRODUCT#{id}` / `PRODUCT` and `RATING`, and its offers' keys | table, BatchGet | 1 read unit per 4 KB + 1 for each other row |
//! | create, replace, patch, archive | product + offers + `CHANGE#{version}` + `OUTBOX#nn` | transaction | 2 per KB and row, and 2 per index entry |
//! | claim a new SKU in all letter cases | `SKUCASE#{sku in lower case}` / `CLAIM`, if not there or of the same spelling | transaction | 2 each |
//! | history of a product | `PRODUCT#{id}` / `CHANGE#…`, newest first | table, Query | 1 read unit per 4 KB |
//! | all active products (exports, a new index) | `gsi1pk = PRODUCTS#{shard}`, by id, 4 shards | gsi1 | half a unit per 4 KB |
//! | does a category have products | `gsi2pk = CATEGORY#{category}#{shard}`, 4 shards at once, for each of its keys | gsi2 | half a unit per shard |
//! | all categories | `CATEGORIES` | table, Query | 1 read unit per 4 KB |
//! | create a category | `CATEGORIES` / `{key}`, if not there; `CATEGORIES#TREE` / `TREE`, if not full, and on its version with a parent | transaction | 2 a row |
//! | rename, move, delete a category | `CATEGORIES` / `{key}`, on its version; the tree's version for move and delete | transaction | 2 a row |
//! | merge old categories with one comparison key | the same rows | transaction | 2 a row |
//! | how far is the task that normalises old rows | `TASK#normalize` / `PROGRESS`, on its version | table | 1 read and 1 write unit a page |
//!
//! **A product and its offers are separate rows.** Carts and orders know only SKUs, and a sale must not rewrite a description. No
//! index leads from a product to its offers, because every sale would pay for it. Instead an execution environment keeps the SKUs of
//! each product in memory, and reads all rows in one BatchGet. Only the first read of a product, or of one with new variants, takes
//! two steps. Archived products leave both indexes. The offer of the product's own SKU has the product's version. So a reader of
//! offers can tell whether its cached product is current, and whether rows that were read together were written together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_kit::{Aws, Table};
use values::{ProductId, Result, Sku, Timestamp};

use crate::categories::tree::CategoryTree;
use crate::flash::known_buckets::KnownBuckets;
use crate::product::cache::{Cache, CacheResult};
use crate::{Category, Listing, Product};

/// Shards of the list indexes, so that an import's writes do not go to one partition.
pub(crate) const SHARDS: u8 = 4;
/// SKUs and categories in memory. At this number they are dropped; it is some megabytes.
const MAX_REMEMBERED: usize = 20_000;

/// The catalog's table, as other contexts use it: reads, and writes for their transactions. Clones are cheap and share
/// their memory.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(crate) table: Table,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The SKUs of each product at its last read. The first SKU never changes.
    pub(crate) skus: HashMap<ProductId, Vec<Sku>>,
    /// The number of all these SKUs.
    count: usize,
    /// Known categories, and when they were read.
    pub(crate) categories: HashMap<Category, Timestamp>,
    /// The tree of categories, and when it was read.
    pub(crate) tree: Option<(Timestamp, Arc<CategoryTree>)>,
    /// The pieces of buckets as they were last seen.
    pub(crate) buckets: KnownBuckets,
    cache: Cache,
}

impl Catalog {
    /// The number of shards, for readers that list all products shard by shard.
    pub const SHARDS: u8 = SHARDS;

    /// The table `SOUK_TABLE_CATALOG`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_CATALOG")?))
    }

    /// A given table.
    pub fn new(table: Table) -> Self {
        Self { table, memory: Arc::default() }
    }

    /// The table, for example to open its connection early.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// What the cache has of a product.
    pub(crate) fn cached(&self, id: ProductId, now: Timestamp) -> CacheResult {
        self.memory(|memory| memory.cache.get(id, now))
    }

    /// Caches a product that was read at `now`.
    pub(crate) fn cache(&self, listing: &Listing, now: Timestamp) {
        self.memory(|memory| memory.cache.insert(listing.clone(), now));
    }

    /// Removes a product from the cache, because it was or may have been written.
    pub(crate) fn evict(&self, id: ProductId) {
        self.memory(|memory| memory.cache.remove(id));
    }

    pub(crate) fn remember_skus(&self, product: &Product) {
        let skus: Vec<Sku> = product.skus().cloned().collect();
        self.memory(|memory| {
            if memory.count >= MAX_REMEMBERED {
                memory.skus.clear();
                memory.count = 0;
            }
            memory.count += skus.len();
            let before = memory.skus.insert(product.id, skus);
            memory.count -= before.map_or(0, |before| before.len());
        });
    }

    pub(crate) fn memory<T>(&self, access: impl FnOnce(&mut Memory) -> T) -> T {
        // A panic leaves no half-done insertion, so the lock's content is usable.
        access(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
