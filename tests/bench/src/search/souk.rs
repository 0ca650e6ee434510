//! Search of souk, as its function uses it: filters are parsed from text, and an index in a folder answers.

use std::path::Path;

use anyhow::Result;
use catalog::Listing;
use search::{Document, Index, Query, SearchParams, Suggestions, Writer};
use serde_json::json;
use values::Currency;

use crate::search::engine::{Engine, Page};
use crate::search::product::CURRENCY;
use crate::search::request::{Order, PAGE, Request};

const SUGGESTIONS: usize = 8;
/// The updates: the number of batches, products per batch, and the distance between changed products.
const BATCHES: usize = 100;
const BATCH: usize = 10;
const STRIDE: usize = 37;

/// An open index.
pub(crate) struct Souk(Index);

pub(crate) fn write(folder: &Path, listings: &[Listing]) -> Result<()> {
    let writer = Writer::open_for_catalog(folder)?;
    for listing in listings {
        writer.put(&Document::of(listing)?)?;
    }
    Ok(writer.commit()?)
}

/// Writes the index and updates it in small batches, without writing it again.
pub(crate) fn write_and_update(folder: &Path, listings: &[Listing]) -> Result<()> {
    write(folder, listings)?;
    let mut changed = listings.iter().cycle().step_by(STRIDE);
    for _ in 0..BATCHES {
        let writer = Writer::open(folder)?;
        for listing in changed.by_ref().take(BATCH) {
            writer.put(&Document::of(listing)?)?;
        }
        writer.commit()?;
    }
    Ok(())
}

impl Souk {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        Ok(Self(Index::open(folder, CURRENCY.parse::<Currency>()?)?))
    }
}

impl Engine for Souk {
    fn search(&mut self, request: &Request) -> Result<Page> {
        let result = self.0.find(&query(request)?)?;
        Ok(Page {
            products: result.hits.into_iter().map(|hit| hit.product_json).collect(),
            facets: json!(result.facets),
        })
    }

    fn suggest(&mut self, prefix: &str) -> Result<usize> {
        let Suggestions { texts, products } = std::hint::black_box(self.0.suggest(prefix, SUGGESTIONS)?);
        Ok(texts.len() + products.len())
    }
}

/// Parses the query from text, as from a query string.
fn query(request: &Request) -> Result<Query> {
    let Request { words, category, tag, price, in_stock, sort } = request.clone();
    let params = SearchParams {
        search: Some(words).filter(|words| !words.is_empty()),
        tags: tag.into_iter().collect(),
        min_price: price.map(|(min, _)| min.to_string()),
        max_price: price.map(|(_, max)| max.to_string()),
        in_stock: in_stock.then(|| "true".to_owned()),
        sort: match sort {
            Order::Relevance => None,
            Order::Price => Some("price".to_owned()),
            Order::Newest => Some("newest".to_owned()),
            Order::Rating => Some("rating".to_owned()),
        },
        ..SearchParams::default()
    };
    Ok(Query { categories: category.into_iter().collect(), limit: PAGE, ..Query::parse(params)? })
}
