//! Use case: post a review. One transaction writes the review, the used delivery record, the rating and the event.

use aws_kit::{Changes, ConditionFailure, ConditionFailures, Idempotency, Idempotent, Transaction};
use events::Event;
use serde::{Deserialize, Serialize};
use values::{Caller, Error, Kind, ProductId, Result, ReviewId, Timestamp, Trace, UserId};

use crate::reviews::delivery::DeliveryRecord;
use crate::reviews::review::RatingChange;
use crate::{CatalogService, Review, ReviewContent};

/// The stored response of an idempotent request. It has no text of the customer.
#[derive(Debug, Serialize, Deserialize)]
struct StoredPost {
    id: ReviewId,
    #[serde(alias = "createdAt")]
    at: Timestamp,
}

impl CatalogService {
    /// Posts the caller's review of a product that they received. 403 `not_received`; 409 `already_reviewed`; 404 if
    /// the product is archived. 2 round trips, 1 if this execution environment read the product lately.
    pub async fn post_review(
        &self,
        product: ProductId,
        caller: &Caller,
        content: ReviewContent,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Review>> {
        let user = caller.require_account()?;
        let reviewed = &content;
        let decide = |_: Option<ConditionFailures>| async move {
            self.read(product, caller).await?;
            let (id, now) = (self.clock.mint(), self.clock.now());
            let review = new_review((product, user), StoredPost { id, at: now }, reviewed.clone());
            let mut writes = Transaction::new();
            let delivery_slot = writes.add(self.catalog.mark_reviewed(&review)?);
            writes.add(self.catalog.put_review(&review)?.when("attribute_not_exists(pk)"));
            if let Some(change) = RatingChange::between(None, Some(&review)) {
                writes.add(self.catalog.change_rating(product, change)?);
            }
            self.add_review_event(&mut writes, &review, Event::ReviewPosted, trace)?;
            let refusal = move |failures: &ConditionFailures| failures.of(delivery_slot).map(not_allowed).transpose();
            Ok(Changes::new(writes, StoredPost { id, at: now }).or_refuse(refusal).into())
        };
        let posted = self.write_product(product, idempotency, decide).await?;
        // A repeated request has the same content, or it is rejected. So the content is not stored.
        Ok(posted.map(|posted| new_review((product, user), posted, content)))
    }
}

fn new_review((product_id, user_id): (ProductId, UserId), posted: StoredPost, content: ReviewContent) -> Review {
    let StoredPost { id, at } = posted;
    Review { id, product_id, user_id, content, hidden: None, version: 1, created_at: at, updated_at: at }
}

/// Why a caller may not review a product.
fn not_allowed(failure: &ConditionFailure) -> Result<Error> {
    let Some(review) = failure.row::<DeliveryRecord>()?.and_then(|delivery| delivery.review) else {
        let detail = "Only customers who received this product may review it.";
        return Ok(Error::new(Kind::Forbidden, "not_received", detail));
    };
    let facts = [("reviewId".to_owned(), review.to_string().into())].into_iter().collect();
    let error =
        Error::conflict("already_reviewed", "You have reviewed this product already. Change your review instead.");
    Ok(error.with_facts("review", "already_reviewed", "exists already", facts))
}
