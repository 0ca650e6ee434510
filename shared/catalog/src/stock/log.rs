//! Use cases: log the stock movements of orders, and list movements.

use events::OrderItem;
use futures::future::{join_all, try_join_all};
use values::{Error, OrderId, Page, PageRequest, ProductId, Result, Sku, Timestamp};

use crate::{Catalog, CatalogService, StockMovement};

/// The most rows of one BatchGet.
const MOST_KEYS: usize = 100;
/// Movements that are written at the same time.
const WRITES_AT_ONCE: usize = 10;

impl Catalog {
    /// Logs movements, ten at a time. Done again, it changes nothing. Returns the position of the first one that was not logged, and why:
    /// those before it are logged, of those behind it some.
    pub async fn log_movements(&self, movements: &[&StockMovement]) -> Result<(), (usize, Error)> {
        for (chunk, first) in movements.chunks(WRITES_AT_ONCE).zip((0..).step_by(WRITES_AT_ONCE)) {
            let outcomes = join_all(chunk.iter().map(|movement| self.log_movement(movement))).await;
            for (outcome, at) in outcomes.into_iter().zip(first..) {
                outcome.map_err(|error| (at, error))?;
            }
        }
        Ok(())
    }

    /// Logs those movements that are not logged yet, and returns them. No movement may be there twice. 1 read for each 100 movements, and 1
    /// write for each missing one.
    pub async fn log_missing<'a>(&self, movements: &'a [StockMovement]) -> Result<Vec<&'a StockMovement>> {
        let mut logged = Vec::new();
        for movements in movements.chunks(MOST_KEYS) {
            let missing = self.find_missing(movements).await?;
            self.log_movements(&missing).await.map_err(|(_, error)| error)?;
            logged.extend(missing);
        }
        Ok(logged)
    }

    async fn log_movement(&self, movement: &StockMovement) -> Result<()> {
        let written = self.put_movement(movement)?.run().await?;
        written.map_err(|_| Error::internal("a put without a condition failed a condition"))
    }
}

impl CatalogService {
    /// Logs the sale of an order that was placed at `at`, for an event that names its pieces. Done again, it changes nothing. One write per
    /// SKU, in parallel.
    pub async fn log_sale(&self, order: OrderId, items: &[OrderItem], at: Timestamp) -> Result<()> {
        self.log_all(items.iter().map(|pieces| StockMovement::of_sale(order, pieces, at))).await
    }

    /// Logs the return of an order that was cancelled at `at`, for an event that names its pieces. Done again, it changes nothing. One write
    /// per SKU, in parallel.
    pub async fn log_return(&self, order: OrderId, items: &[OrderItem], at: Timestamp) -> Result<()> {
        self.log_all(items.iter().map(|pieces| StockMovement::of_return(order, pieces, at))).await
    }

    async fn log_all(&self, movements: impl Iterator<Item = StockMovement>) -> Result<()> {
        try_join_all(movements.map(async |movement| self.catalog.log_movement(&movement).await)).await?;
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
