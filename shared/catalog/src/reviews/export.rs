//! Use case: export what the catalog stores about an account: products that it received, and its reviews.

use futures::future::try_join_all;
use serde_json::{Value, json};
use values::{Page, PageRequest, Result, UserId};

use crate::CatalogService;
use crate::reviews::delivery::DeliveredProduct;
use crate::{Moderation, Review};

impl CatalogService {
    /// A page of the products that an account received, each with its review. 1 round trip, and 1 for each review in
    /// parallel.
    pub async fn export(&self, user: UserId, request: &PageRequest) -> Result<Page<Value>> {
        let page = self.catalog.deliveries_to(user, request).await?;
        let rows = try_join_all(page.rows.iter().map(|delivery| self.export_delivery(delivery))).await?;
        Ok(Page { rows, next: page.next })
    }

    async fn export_delivery(&self, delivery: &DeliveredProduct) -> Result<Value> {
        let review = match delivery.review {
            Some(id) => self.catalog.review(delivery.product_id, id).await?,
            None => None,
        };
        let review = review.map(|review| {
            let hidden = review.hidden.map(|hidden| Moderation { by: hidden.by.for_customers(), ..hidden });
            Review { hidden, ..review }
        });
        Ok(json!({
            "productId": delivery.product_id, "orderId": delivery.order_id, "receivedAt": delivery.at, "review": review,
        }))
    }
}
