//! Who received what, as delivered orders tell: the right to review.

use values::{OrderId, ProductId, Result, UserId};

use crate::Products;
use crate::reviews::delivery::Receipt;

impl Products {
    /// Remembers that an account received a product. Known already, with whatever order, it changes nothing: not the review
    /// that was posted since, either. 1 round trip.
    pub async fn received(&self, product: ProductId, user: UserId, order: OrderId) -> Result<()> {
        let receipt = Receipt { order_id: order, at: self.clock.now(), review: None };
        // Refused means that it is known.
        let _ = self.catalog.create_receipt(product, user, &receipt)?.run().await?;
        Ok(())
    }
}
