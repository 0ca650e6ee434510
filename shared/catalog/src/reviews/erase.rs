//! Use case: erase the reviews and delivery records of a closed account.

use values::{Error, Kind, PageRequest, Result, Trace, UserId};

use crate::CatalogService;

/// Delivery records per page.
const PAGE: u32 = 25;

impl CatalogService {
    /// Erases a page of an account's delivery records and reviews, and updates the ratings. False if none was left.
    /// Each page makes the next one shorter; done again it changes nothing. 1 read, 2 round trips for each review, 1
    /// for each product.
    pub async fn erase(&self, user: UserId, trace: &Trace) -> Result<bool> {
        let request = PageRequest { limit: PAGE, after: None };
        let page = self.catalog.deliveries_to(user, &request).await?;
        for delivery in &page.rows {
            if let Some(review) = delivery.review {
                let deleted = self.delete_review((delivery.product_id, review), user, None, trace).await;
                match deleted {
                    Err(error) if error.kind == Kind::NotFound => {}
                    // Concurrent reviews of the same product.
                    Err(error) if error.kind == Kind::Conflict => {
                        return Err(Error::unavailable("review", error.detail));
                    }
                    deleted => deleted?,
                }
            }
            // If the condition fails, there is a newer review. The next page has it.
            let _failure = self.catalog.delete_delivery(delivery.product_id, user, delivery.review)?.run().await?;
        }
        Ok(!page.rows.is_empty())
    }
}
