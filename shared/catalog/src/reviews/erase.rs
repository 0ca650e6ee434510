//! Forgetting a closed account: what it said goes as if it had taken it back, and so does that it received anything.

use values::{Error, Kind, PageRequest, Result, Trace, UserId};

use crate::Products;

/// Products that are looked at together.
const PAGE: u32 = 25;

impl Products {
    /// Erases a page of an account's reviews, which corrects the ratings of their products, and of what it received; false when there
    /// was none left. Each page makes the next one shorter. Done again it changes nothing. 1 read; 2 round trips for each review,
    /// 1 for each product.
    pub async fn forget(&self, user: UserId, trace: &Trace) -> Result<bool> {
        let request = PageRequest { limit: PAGE, after: None };
        let page = self.catalog.received_by(user, &request).await?;
        for received in &page.rows {
            if let Some(review) = received.review {
                let gone = self.delete_review((received.product_id, review), user, None, trace).await;
                match gone {
                    Err(error) if error.kind == Kind::NotFound => {}
                    // Others rate the same product at the moment.
                    Err(error) if error.kind == Kind::Conflict => {
                        return Err(Error::unavailable("review", error.detail));
                    }
                    gone => gone?,
                }
            }
            // Refused: there is another review by now, and the next page says which.
            let _refused = self.catalog.delete_receipt(received.product_id, user, received.review)?.run().await?;
        }
        Ok(!page.rows.is_empty())
    }
}
