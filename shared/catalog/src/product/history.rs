//! Use case: read the history of a product.

use values::{Error, Page, PageRequest, ProductId, Result};

use crate::{CatalogService, Revision};

impl CatalogService {
    /// The changes of a product, newest first. 404 if the product never existed. 1 round trip, 2 for an empty page.
    pub async fn history(&self, id: ProductId, request: &PageRequest) -> Result<Page<Revision>> {
        let page = self.catalog.revisions(id, request).await?;
        // Products from before the history existed have no first change.
        if page.rows.is_empty() && self.catalog.sku_of(id).await?.is_none() {
            return Err(Error::not_found("product"));
        }
        Ok(page)
    }
}
