//! All that the catalog holds of an account, for its owner: what it received, and what it said of it.

use futures::future::try_join_all;
use serde_json::{Value, json};
use values::{Page, PageRequest, Result, UserId};

use crate::Products;
use crate::reviews::delivery::Received;
use crate::{Hidden, Review};

impl Products {
    /// A page of what an account received, each with its review, if there is one. 1 round trip, 1 more for each review, side by side.
    pub async fn held_of(&self, user: UserId, request: &PageRequest) -> Result<Page<Value>> {
        let page = self.catalog.received_by(user, request).await?;
        let rows = try_join_all(page.rows.iter().map(|received| self.held(received))).await?;
        Ok(Page { rows, next: page.next })
    }

    async fn held(&self, received: &Received) -> Result<Value> {
        let review = match received.review {
            Some(id) => self.catalog.review(received.product_id, id).await?,
            None => None,
        };
        let review = review.map(|review| {
            let hidden = review.hidden.map(|hidden| Hidden { by: hidden.by.for_customers(), ..hidden });
            Review { hidden, ..review }
        });
        Ok(json!({
            "productId": received.product_id, "orderId": received.order_id, "receivedAt": received.at, "review": review,
        }))
    }
}
