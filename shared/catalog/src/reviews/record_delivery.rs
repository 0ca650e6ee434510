//! Use case: record that a customer received a product, which allows a review.

use values::{OrderId, ProductId, Result, UserId};

use crate::CatalogService;
use crate::reviews::delivery::DeliveryRecord;

impl CatalogService {
    /// Records that an account received a product. If it is recorded already, nothing changes. 1 round trip.
    pub async fn record_delivery(&self, product: ProductId, user: UserId, order: OrderId) -> Result<()> {
        let delivery = DeliveryRecord { order_id: order, at: self.clock.now(), review: None };
        // A failed condition means that it is recorded already.
        let _ = self.catalog.create_delivery(product, user, &delivery)?.run().await?;
        Ok(())
    }
}
