//! Use case: read the history of a product.

use values::{Error, Page, PageRequest, ProductId, Result};

use crate::{CatalogService, Revision};

impl CatalogService {
    /// What became of a product, newest first. 404 for one that never was. 1 round trip, 2 for a page that is empty.
    pub async fn history(&self, id: ProductId, request: &PageRequest) -> Result<Page<Revision>> {
        let page = self.catalog.revisions(id, request).await?;
        // Every product has its first change, but for those from before changes were written down.
        if page.rows.is_empty() && self.catalog.sku_of(id).await?.is_none() {
            return Err(Error::not_found("product"));
        }
        Ok(page)
    }
}
