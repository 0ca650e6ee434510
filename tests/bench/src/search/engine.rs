//! What every search engine of the bench can do.

use anyhow::Result;
use catalog::Product;
use serde_json::Value;

use crate::search::request::Request;

/// An open index in files.
pub(crate) trait Engine {
    /// Returns the first page, with facets over all results.
    fn search(&mut self, request: &Request) -> Result<Page>;

    /// Returns the number of suggestions for the typed text.
    fn suggest(&mut self, prefix: &str) -> Result<usize>;
}

/// A page of results.
#[derive(Debug)]
pub(crate) struct Page {
    /// The JSON of the products in order, as of their indexing.
    pub(crate) products: Vec<String>,
    pub(crate) facets: Value,
}

impl Page {
    /// Returns the SKUs of the products.
    pub(crate) fn skus(&self) -> Result<Vec<String>> {
        let sku = |json: &String| {
            let product: Product = serde_json::from_str(json)?;
            Ok(product.sku.to_string())
        };
        self.products.iter().map(sku).collect()
    }
}
