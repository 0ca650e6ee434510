//! The shop's shelves: products, newest first. An id sorts by when it was made, so the shards of an index merge by it.

use std::cmp::Reverse;
use std::collections::HashMap;

use values::{Error, Page, PageRequest, Position, Result, Sku};

use crate::{Category, Listing, Offer, Product, Products};

/// The name of the one part of a position.
const AFTER: &str = "id";

impl Products {
    /// A page of active products, of one category or of all. 2 round trips: the shards side by side, then all offers.
    pub async fn list(&self, category: Option<&Category>, request: &PageRequest) -> Result<Page<Listing>> {
        let before = request.after.as_ref().and_then(|position| position.get(AFTER));
        // One more than is shown tells whether there is a next page.
        let shards = self.catalog.newest(category, before, request.limit + 1).await?;
        let page = merge(shards, request.limit as usize);
        let skus: Vec<Sku> = page.rows.iter().map(|product| product.sku.clone()).collect();
        let offers = self.catalog.offers(&skus).await?;
        let mut offers: HashMap<Sku, Offer> = offers.into_iter().map(|offer| (offer.sku.clone(), offer)).collect();
        let listed = page.rows.into_iter().filter_map(|product| {
            // The index is a moment behind: what was archived meanwhile shows by its offer.
            let offer = offers.remove(&product.sku).filter(Offer::is_active)?;
            Some(Listing { product, offer })
        });
        Ok(Page { rows: listed.collect(), next: page.next })
    }
}

/// The filters that belong to search and would be ignored here.
pub fn refuse_search(filter: &str) -> Error {
    let message = "this list knows `category`, `limit` and `cursor`";
    Error { code: "unsupported_filter", ..Error::invalid(filter, "unsupported_filter", message) }
}

/// The first `limit` of all shards, newest first. A shard whose answer ended early (DynamoDB answers a megabyte at most) says
/// nothing about what is older than its last row, so nothing older is shown on this page.
fn merge(shards: Vec<Page<Product>>, limit: usize) -> Page<Product> {
    let horizon = shards.iter().filter(|shard| shard.next.is_some()).filter_map(|shard| shard.rows.last());
    let horizon = horizon.map(|last| last.id).max();
    let mut rows: Vec<Product> = shards.into_iter().flat_map(|shard| shard.rows).collect();
    rows.retain(|row| horizon.is_none_or(|horizon| row.id >= horizon));
    rows.sort_unstable_by_key(|row| Reverse(row.id));
    let more = rows.len() > limit || horizon.is_some();
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| Position([(AFTER.to_owned(), last.id.to_string())].into()));
    Page { rows, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::tests::listing;
    use proptest::prelude::*;
    use values::{Clock, ProductId, Timestamp};

    fn product(id: ProductId) -> Product {
        Product { id, ..listing().product }
    }

    /// What a shard answers: its rows older than `before`, `limit` at most, or fewer when the answer would be too large.
    fn ask(shard: &[ProductId], before: Option<&str>, limit: usize, fits: usize) -> Page<Product> {
        let older = |id: &&ProductId| before.is_none_or(|before| id.to_string().as_str() < before);
        let rows: Vec<Product> =
            shard.iter().rev().filter(older).take(limit.min(fits)).map(|id| product(*id)).collect();
        let more = shard.iter().filter(older).count() > rows.len() && !rows.is_empty();
        let next = rows.last().filter(|_| more).map(|last| Position([(AFTER.to_owned(), last.id.to_string())].into()));
        Page { rows, next }
    }

    proptest! {
        #[test]
        fn walking_the_pages_shows_every_product_once_newest_first(
            shards in prop::collection::vec(0usize..4, 0..60),
            limit in 1usize..12,
            fits in 1usize..12,
        ) {
            let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
            let ids: Vec<ProductId> = shards.iter().map(|_| clock.mint()).collect();
            let of = |n: usize| ids.iter().zip(&shards).filter(|(_, s)| **s == n).map(|(id, _)| *id).collect::<Vec<_>>();
            let table: Vec<Vec<ProductId>> = (0..4).map(of).collect();
            let (mut seen, mut after): (Vec<ProductId>, Option<String>) = (Vec::new(), None);
            loop {
                let answers = table.iter().map(|shard| ask(shard, after.as_deref(), limit + 1, fits)).collect();
                let page = merge(answers, limit);
                seen.extend(page.rows.iter().map(|row| row.id));
                match page.next {
                    Some(next) => after = next.get(AFTER).map(str::to_owned),
                    None => break,
                }
            }
            prop_assert_eq!(seen, ids.into_iter().rev().collect::<Vec<_>>());
        }
    }
}
