//! Rows of reviews, delivery records and ratings. All of them are in the product's partition.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | record a delivery | `PRODUCT#{id}` / `RECEIVED#{user}`, put if not there | table | 1 write unit, and 1 for its index entry |
//! | what an account received, and its reviews | `gsi1pk = RECEIVER#{user}` | gsi1 | half a unit per 4 KB |
//! | post, change, hide, delete a review | `PRODUCT#{id}` / `REVIEW#{review}`, `RECEIVED#{user}`, `RATING`, `OUTBOX#nn` | transaction | 2 per KB and row, and 2 per index entry |
//! | one review | `PRODUCT#{id}` / `REVIEW#{review}` | table | 1 read unit per 4 KB |
//! | newest visible, or hidden, reviews | `gsi3pk = REVIEWS#{id}`, or `HIDDEN#{id}` | gsi3 | half a unit per 4 KB |
//!
//! The reviews of a product share a partition and one `RATING` row. A partition has a thousand write units per second, which is enough
//! for about 150 reviews of one product in that second. Reviews that conflict on the rating are retried.

use aws_kit::{Key, Query, Write};
use serde::Deserialize;
use values::{Page, PageRequest, ProductId, Result, ReviewId, UserId};

use crate::product::store::{partition, rating_key};
use crate::reviews::delivery::{DeliveredProduct, DeliveryRecord};
use crate::reviews::review::RatingChange;
use crate::{Catalog, Review, Visibility};

/// A delivery record in the index by customer. The product's id is the sort key.
#[derive(Deserialize)]
struct DeliveryEntry {
    gsi1sk: ProductId,
    #[serde(flatten)]
    delivery: DeliveryRecord,
}

impl Catalog {
    /// A review. 1 round trip.
    pub(crate) async fn review(&self, product: ProductId, review: ReviewId) -> Result<Option<Review>> {
        self.table.get(review_key(product, review)).await
    }

    /// A page of a product's reviews, newest first. 1 round trip.
    pub(crate) async fn list_reviews(
        &self,
        product: ProductId,
        shown: Visibility,
        request: &PageRequest,
    ) -> Result<Page<Review>> {
        Query::index(&self.table, "gsi3", list_partition(product, shown)).descending().page(request).await
    }

    /// The write of a new delivery record. Its condition fails if there is one already.
    pub(crate) fn create_delivery(&self, product: ProductId, user: UserId, delivery: &DeliveryRecord) -> Result<Write> {
        Write::create(&self.table, delivery_key(product, user), delivery)?
            .attribute("gsi1pk", receiver_partition(user))?
            .attribute("gsi1sk", product)
    }

    /// A page of an account's delivery records. 1 round trip.
    pub(crate) async fn deliveries_to(&self, user: UserId, request: &PageRequest) -> Result<Page<DeliveredProduct>> {
        let page = Query::index(&self.table, "gsi1", receiver_partition(user)).page::<DeliveryEntry>(request).await?;
        Ok(page.map(|entry| DeliveredProduct {
            product_id: entry.gsi1sk,
            order_id: entry.delivery.order_id,
            at: entry.delivery.at,
            review: entry.delivery.review,
        }))
    }

    /// The write that deletes a delivery record. Its condition fails if the record has another review than `expected`,
    /// which would be lost: the index is some moments behind.
    pub(crate) fn delete_delivery(
        &self,
        product: ProductId,
        user: UserId,
        expected: Option<ReviewId>,
    ) -> Result<Write> {
        let write = Write::delete(&self.table, delivery_key(product, user));
        match expected {
            None => Ok(write.when("attribute_not_exists(review)")),
            Some(expected) => write.when("attribute_not_exists(review) OR review = :seen").value(":seen", expected),
        }
    }

    /// The write that uses a delivery record for a review. Its condition fails if there is no record, or it is used.
    pub(crate) fn mark_reviewed(&self, review: &Review) -> Result<Write> {
        Write::update(&self.table, delivery_key(review.product_id, review.user_id), "SET review = :review")
            .when("attribute_exists(pk) AND attribute_not_exists(review)")
            .value(":review", review.id)
    }

    /// The write that makes a delivery record usable again.
    pub(crate) fn clear_reviewed(&self, review: &Review) -> Result<Write> {
        Write::update(&self.table, delivery_key(review.product_id, review.user_id), "REMOVE review")
            .when("review = :review")
            .value(":review", review.id)
    }

    /// The write of a review, with its keys in the list index.
    pub(crate) fn put_review(&self, review: &Review) -> Result<Write> {
        Write::put(&self.table, review_key(review.product_id, review.id), review)?
            .attribute("gsi3pk", list_partition(review.product_id, review.visibility()))?
            .attribute("gsi3sk", format!("{}#{}", review.created_at, review.id))
    }

    /// The write of a review that is at `version`.
    pub(crate) fn put_review_over(&self, version: u64, review: &Review) -> Result<Write> {
        self.put_review(review)?.when("version = :v").value(":v", version)
    }

    /// The write that deletes a review, if it is still at the version that was read.
    pub(crate) fn delete_review(&self, review: &Review) -> Result<Write> {
        let write = Write::delete(&self.table, review_key(review.product_id, review.id));
        write.when("version = :v").value(":v", review.version)
    }

    /// The write that adds to a rating. It needs no condition: the review's own write in the same transaction has one,
    /// and the order of additions does not matter.
    pub(crate) fn change_rating(&self, product: ProductId, change: RatingChange) -> Result<Write> {
        Write::update(&self.table, rating_key(product), "ADD #sum :sum, #count :count, #changes :one")
            .name("#sum", "sum")
            .name("#count", "count")
            .name("#changes", "changes")
            .value(":sum", change.sum)?
            .value(":count", change.count)?
            .value(":one", 1)
    }
}

/// The partition of an account's delivery records in the index. Older records are not in it: docs/personal-data.md.
fn receiver_partition(user: UserId) -> String {
    format!("RECEIVER#{user}")
}

/// The partition of a list of reviews in the index.
fn list_partition(product: ProductId, shown: Visibility) -> String {
    match shown {
        Visibility::Visible => format!("REVIEWS#{product}"),
        Visibility::Hidden => format!("HIDDEN#{product}"),
    }
}

fn review_key(product: ProductId, review: ReviewId) -> Key {
    Key::new(partition(product), format!("REVIEW#{review}"))
}

fn delivery_key(product: ProductId, user: UserId) -> Key {
    Key::new(partition(product), format!("RECEIVED#{user}"))
}
