//! The transaction that all changes of a review share: review, rating and event.

use aws_kit::{Backoff, CommitError, Idempotency, Idempotent, Transaction, outbox_put};
use events::{Envelope, Event, ReviewChanged};
use serde::{Deserialize, Serialize};
use values::{Error, ExpectedVersion, ProductId, Result, ReviewId, Trace};

use crate::reviews::review::{RatingChange, no_review};
use crate::{CatalogService, Review};

/// The stored response of an idempotent request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredReviewId {
    pub(crate) id: ReviewId,
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
    /// Applies what `decide` returns to a review, in one transaction with its product's rating. After a concurrent
    /// update it decides again. Returns the review after the change; a deleted review with its next version. 412
    /// `version_mismatch` if it is not at `version`. 2 round trips, 1 more for each concurrent update.
    pub(crate) async fn update_review(
        &self,
        place: (ProductId, ReviewId),
        version: Option<&ExpectedVersion>,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
        decide: impl Fn(&Review) -> Result<ReviewUpdate>,
    ) -> Result<Idempotent<Review>> {
        let (product, id) = place;
        let mut current = self.catalog.review(product, id).await?;
        let mut backoff = Backoff::start();
        loop {
            let before = current.ok_or_else(no_review)?;
            // The author is checked before the version, so that others learn nothing about the version.
            let update = decide(&before)?;
            if version.is_some_and(|version| !version.matches(before.version)) {
                return Err(Error::version_mismatch("review"));
            }
            let after = match update {
                ReviewUpdate::Keep => return Ok(Idempotent::Fresh(before)),
                ReviewUpdate::Replace(after) => Some(after),
                ReviewUpdate::Delete => None,
            };
            let mut writes = Transaction::new();
            let review_slot = match &after {
                Some(after) => writes.add(self.catalog.put_review_over(before.version, after)?),
                None => writes.add(self.catalog.delete_review(&before)?),
            };
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
            let committed = self.commit(writes, StoredReviewId { id }, idempotency).await;
            self.catalog.evict(product);
            match committed {
                Err(CommitError::ConditionFailed(failures)) => match failures.of(review_slot) {
                    Some(failure) if backoff.wait().await => current = failure.row()?,
                    _ => return Err(CommitError::ConditionFailed(failures).into()),
                },
                Err(error) => return Err(error.into()),
                Ok(Idempotent::Fresh(_)) => return Ok(Idempotent::Fresh(result)),
                Ok(Idempotent::Replayed(_)) => return self.replay_review(place).await,
            }
        }
    }

    /// The response to a repeated change: the review as it is now, because its stored response has no text. 404 if it
    /// is deleted. 1 round trip.
    pub(crate) async fn replay_review(&self, (product, id): (ProductId, ReviewId)) -> Result<Idempotent<Review>> {
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
