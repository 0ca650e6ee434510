//! Use cases: log the stock movements of orders, and list movements.

use events::OrderItem;
use futures::future::try_join_all;
use values::{Error, OrderId, Page, PageRequest, ProductId, Result, Sku, Timestamp};

use crate::{CatalogService, StockMovement};

impl CatalogService {
    /// Logs the sale of an order that was placed at `at`. Done again, it changes nothing. One write per SKU, in
    /// parallel.
    pub async fn log_sale(&self, order: OrderId, items: &[OrderItem], at: Timestamp) -> Result<()> {
        self.log_all(items.iter().map(|pieces| StockMovement::of_sale(order, pieces, at))).await
    }

    /// Logs the return of an order that was cancelled at `at`. Done again, it changes nothing. One write per SKU, in
    /// parallel.
    pub async fn log_return(&self, order: OrderId, items: &[OrderItem], at: Timestamp) -> Result<()> {
        self.log_all(items.iter().map(|pieces| StockMovement::of_return(order, pieces, at))).await
    }

    async fn log_all(&self, movements: impl Iterator<Item = StockMovement>) -> Result<()> {
        let writes = movements.map(async |movement| {
            let written = self.catalog.put_movement(&movement)?.run().await?;
            written.map_err(|_| Error::internal("a put without a condition failed a condition"))
        });
        try_join_all(writes).await?;
        Ok(())
    }

    /// The movements of a product's SKU, newest first. Without `sku`, of the product's own. 422 `sku_unknown` or
    /// `variant_required`. 2 round trips, 1 more if the product is new to this execution environment.
    pub async fn movements(
        &self,
        id: ProductId,
        sku: Option<Sku>,
        request: &PageRequest,
    ) -> Result<Page<StockMovement>> {
        let own = self.catalog.sku_of(id).await?.ok_or_else(|| Error::not_found("product"))?;
        let sku = sku.unwrap_or(own);
        // The SKU may be a removed variant. Its offer still names the product.
        let offers = self.catalog.offers(std::slice::from_ref(&sku)).await?;
        let offer = offers.iter().find(|offer| offer.product_id == id);
        offer
            .ok_or_else(|| Error::invalid("sku", "sku_unknown", "is not a SKU of this product"))?
            .check_single("sku")?;
        self.catalog.list_movements(&sku, request).await
    }
}
