//! Forgetting a closed account: what it said goes as if it had taken it back, and so does that it received anything.

use values::{Error, Kind, PageRequest, Result, Trace, UserId};

use crate::CatalogService;

/// CatalogService that are looked at together.
const PAGE: u32 = 25;

impl CatalogService {
    /// Erases a page of an account's reviews, which corrects the ratings of their products, and of what it received; false when there
    /// was none left. Each page makes the next one shorter. Done again it changes nothing. 1 read; 2 round trips for each review,
    /// 1 for each product.
    pub async fn erase(&self, user: UserId, trace: &Trace) -> Result<bool> {
        let request = PageRequest { limit: PAGE, after: None };
        let page = self.catalog.deliveries_to(user, &request).await?;
        for delivery in &page.rows {
            if let Some(review) = delivery.review {
                let deleted = self.delete_review((delivery.product_id, review), user, None, trace).await;
                match deleted {
                    Err(error) if error.kind == Kind::NotFound => {}
                    // Others rate the same product at the moment.
                    Err(error) if error.kind == Kind::Conflict => {
                        return Err(Error::unavailable("review", error.detail));
                    }
                    deleted => deleted?,
                }
            }
            // Refused: there is another review by now, and the next page says which.
            let _failure = self.catalog.delete_delivery(delivery.product_id, user, delivery.review)?.run().await?;
        }
        Ok(!page.rows.is_empty())
    }
}
