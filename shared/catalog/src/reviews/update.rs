//! The transaction that all changes of a review share: review, rating and event.

use aws_kit::{Changes, ConditionFailures, Decision, Idempotency, Idempotent, Transaction, outbox_put};
use events::{Envelope, Event, ReviewChanged};
use serde::{Deserialize, Serialize};
use values::{Error, ExpectedVersion, ProductId, Result, ReviewId, Trace};

use crate::reviews::review::{RatingChange, no_review};
use crate::{CatalogService, Review};

/// The answer of a change. Only the id is stored with an idempotent request, because a review has text of the customer.
#[derive(Debug, Serialize, Deserialize)]
struct ChangedReview {
    id: ReviewId,
    #[serde(skip)]
    review: Option<Review>,
}

/// What happens to a review.
pub(crate) enum ReviewUpdate {
    /// Nothing.
    Keep,
    /// The review is replaced.
    Replace(Review),
    /// The review is deleted.
    Delete,
}

impl CatalogService {
    /// Applies what `update` returns to a review, in one transaction with its product's rating. After a concurrent
    /// update it decides again. Returns the review after the change; a deleted review with its next version. 412
    /// `version_mismatch` if it is not at the `expected` version. 2 round trips, 1 more for each concurrent update.
    pub(crate) async fn update_review(
        &self,
        place: (ProductId, ReviewId),
        expected: Option<&ExpectedVersion>,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
        update: impl Fn(&Review) -> Result<ReviewUpdate>,
    ) -> Result<Idempotent<Review>> {
        let (product, id) = place;
        let update = &update;
        let decide = |failed: Option<ConditionFailures>| async move {
            // A failed condition of the first write has the current review.
            let current = match failed.as_ref().and_then(ConditionFailures::first) {
                Some(failure) => failure.row::<Review>()?,
                None => self.catalog.review(product, id).await?,
            };
            let before = current.ok_or_else(no_review)?;
            // The author is checked before the version, so that others learn nothing about the version.
            let update = update(&before)?;
            if expected.is_some_and(|expected| !expected.matches(before.version)) {
                return Err(Error::version_mismatch("review"));
            }
            let after = match update {
                ReviewUpdate::Keep => return Ok(Decision::Unchanged(ChangedReview { id, review: Some(before) })),
                ReviewUpdate::Replace(after) => Some(after),
                ReviewUpdate::Delete => None,
            };
            let mut writes = Transaction::new();
            writes.add(match &after {
                Some(after) => self.catalog.put_review_over(before.version, after)?,
                None => self.catalog.delete_review(&before)?,
            });
            // After the deletion of a hidden review, the customer may not post another one. Otherwise they could undo
            // the hiding.
            if after.is_none() && before.hidden.is_none() {
                writes.add(self.catalog.clear_reviewed(&before)?);
            }
            if let Some(change) = RatingChange::between(Some(&before), after.as_ref()) {
                writes.add(self.catalog.change_rating(product, change)?);
            }
            let result = after.unwrap_or_else(|| before.next(self.clock.now()));
            self.add_review_event(&mut writes, &result, Event::ReviewChanged, trace)?;
            Ok(Changes::new(writes, ChangedReview { id, review: Some(result) }).into())
        };
        match self.write_product(product, idempotency, decide).await? {
            Idempotent::Fresh(changed) => changed.review.map(Idempotent::Fresh).ok_or_else(no_review),
            Idempotent::Replayed(_) => self.replay_review(place).await,
        }
    }

    /// The response to a repeated change: the review as it is now, because its stored response has no text. 404 if it
    /// is deleted. 1 round trip.
    async fn replay_review(&self, (product, id): (ProductId, ReviewId)) -> Result<Idempotent<Review>> {
        self.catalog.review(product, id).await?.map(Idempotent::Replayed).ok_or_else(no_review)
    }

    /// Adds the event of a change.
    pub(crate) fn add_review_event(
        &self,
        writes: &mut Transaction,
        after: &Review,
        event: fn(ReviewChanged) -> Event,
        trace: &Trace,
    ) -> Result<()> {
        let changed = event(ReviewChanged { product_id: after.product_id, review_id: after.id });
        let envelope = Envelope::new(&self.clock, trace, after.id, after.version, changed);
        writes.add(outbox_put(self.catalog.table(), &envelope)?);
        Ok(())
    }
}
