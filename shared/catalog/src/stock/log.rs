//! Keeping the movement log of what orders do, and reading it.

use events::Pieces;
use futures::future::try_join_all;
use values::{Error, OrderId, Page, PageRequest, ProductId, Result, Sku, Timestamp};

use crate::{CatalogService, StockMovement};

impl CatalogService {
    /// Logs what an order took from stock when it was placed at `at`. A write for each SKU, side by side; again, it changes
    /// nothing.
    pub async fn log_sale(&self, order: OrderId, items: &[Pieces], at: Timestamp) -> Result<()> {
        self.log_all(items.iter().map(|pieces| StockMovement::of_sale(order, pieces, at))).await
    }

    /// Logs what an order gave back when it was cancelled at `at`. Likewise.
    pub async fn log_return(&self, order: OrderId, items: &[Pieces], at: Timestamp) -> Result<()> {
        self.log_all(items.iter().map(|pieces| StockMovement::of_return(order, pieces, at))).await
    }

    async fn log_all(&self, movements: impl Iterator<Item = StockMovement>) -> Result<()> {
        let writes = movements.map(async |movement| {
            let written = self.catalog.put_movement(&movement)?.run().await?;
            written.map_err(|_| Error::internal("an unconditional put was refused"))
        });
        try_join_all(writes).await?;
        Ok(())
    }

    /// The movements of a product's SKU, newest first; of its own without one. 422 `sku_unknown`, or `variant_required`.
    /// 2 round trips, 1 more for a product that this sandbox never saw.
    pub async fn movements(
        &self,
        id: ProductId,
        sku: Option<Sku>,
        request: &PageRequest,
    ) -> Result<Page<StockMovement>> {
        let own = self.catalog.sku_of(id).await?.ok_or_else(|| Error::not_found("product"))?;
        let sku = sku.unwrap_or(own);
        // Also of a variant that was taken out: its offer knows whose it was.
        let offers = self.catalog.offers(std::slice::from_ref(&sku)).await?;
        let offer = offers.iter().find(|offer| offer.product_id == id);
        offer
            .ok_or_else(|| Error::invalid("sku", "sku_unknown", "is not a SKU of this product"))?
            .check_single("sku")?;
        self.catalog.list_movements(&sku, request).await
    }
}
