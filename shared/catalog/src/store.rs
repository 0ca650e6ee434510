//! The catalog's table: the only file, with those in `store/`, that knows its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | offers of SKUs (cart, order, list) | `SKU#{sku}` / `OFFER` each | table, BatchGet | 1 read unit each |
//! | sell, give back | `SKU#{sku}` / `OFFER`, conditional update | table | 2 write units, in the order's transaction |
//! | count by hand | `SKU#{sku}` / `OFFER` on its `stockVersion`; `MOVES#{sku}` / `{at}#{stockVersion}` | transaction | 2 a row |
//! | log what an order took or gave back | `MOVES#{sku}` / `{at}#{order}#sale` or `#returned` | table | 1 write unit each SKU |
//! | movements of a SKU | `MOVES#{sku}`, newest first | table, Query | 1 read unit per 4 KB |
//! | a product with offers and rating | `PRODUCT#{id}` / `PRODUCT` and `RATING`, and its offers' keys | table, BatchGet | 1 read unit per 4 KB + 1 for each other row |
//! | create, replace, patch, archive | product + offers + `CHANGE#{version}` + `OUTBOX#nn` | transaction | 2 per KB and row, and 2 per index entry |
//! | what became of a product | `PRODUCT#{id}` / `CHANGE#…`, newest first | table, Query | 1 read unit per 4 KB |
//! | walk all products (exports, an index built anew) | `gsi1pk = PRODUCTS#{shard}`, by id, 4 shards | gsi1 | half a unit per 4 KB |
//! | is there a product in a category | `gsi2pk = CATEGORY#{category}#{shard}`, 4 shards at once | gsi2 | half a unit per shard |
//! | categories | `CATEGORIES`, all of it | table, Query | 1 read unit per 4 KB |
//! | make a category | `CATEGORIES` / `{key}`: not there; `CATEGORIES#TREE` / `TREE`: room, and its version under a parent | transaction | 2 a row |
//! | rename, move, delete one | `CATEGORIES` / `{key}`, on its version; the tree's version for the latter two | transaction | 2 a row |
//!
//! **A product and its offers lie apart**, because carts and orders know SKUs and nothing else, and because a sale must not
//! replace_content a description. No index leads from a product to its offers: every sale would pay for keeping it. Instead a sandbox
//! remembers which SKUs a product has, and reads all rows in one BatchGet; only the first look at a product in a sandbox, or at
//! one that has new variants, takes two steps. Archived products leave both indexes. The offer of the product's own SKU carries
//! the product's version, so that whoever reads offers alone knows whether the product that they remember is of today, and
//! whether rows that were read together were written together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_kit::{Aws, Table};
use values::{ProductId, Result, Sku, Timestamp};

use crate::categories::tree::CategoryTree;
use crate::product::cache::{Cache, CacheResult};
use crate::{Category, Listing, Product};

/// Of the indexes that lists are read from, so that no one partition takes every write of an import.
pub(crate) const SHARDS: u8 = 4;
/// SKUs that a sandbox remembers, and categories; some megabytes, then it begins anew.
const MAX_REMEMBERED: usize = 20_000;

/// The catalog as other contexts use it: reads, and fragments of their transactions. Cheap to clone; clones share what
/// they remember.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(crate) table: Table,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Which SKUs a product had when it was read last. The first never changes.
    pub(crate) skus: HashMap<ProductId, Vec<Sku>>,
    /// How many these are.
    count: usize,
    /// Which categories there were, and when.
    pub(crate) categories: HashMap<Category, Timestamp>,
    /// All of them, and when.
    pub(crate) tree: Option<(Timestamp, Arc<CategoryTree>)>,
    /// Whole products.
    cache: Cache,
}

impl Catalog {
    /// Shards of the indexes: products are walked one shard after the other.
    pub const SHARDS: u8 = SHARDS;

    /// The table that `SOUK_TABLE_CATALOG` names.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_CATALOG")?))
    }

    /// That table.
    pub fn new(table: Table) -> Self {
        Self { table, memory: Arc::default() }
    }

    /// The table, for a connection to be warmed.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// What this sandbox remembers of a product.
    pub(crate) fn cached(&self, id: ProductId, now: Timestamp) -> CacheResult {
        self.memory(|memory| memory.cache.get(id, now))
    }

    /// Remembers a product as it was read at `now`.
    pub(crate) fn cache(&self, listing: &Listing, now: Timestamp) {
        self.memory(|memory| memory.cache.insert(listing.clone(), now));
    }

    /// Remembers nothing of a product any more: it was, or may have been, written.
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
        // Half an insertion cannot be seen, so a panic elsewhere spoils nothing.
        access(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
