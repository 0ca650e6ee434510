//! What all changes of a review have in common: the version they are of, the rating that they correct, and the event.

use aws_kit::{Backoff, CommitError, Idempotency, Idempotent, Transaction, outbox_put};
use events::{Envelope, Event, ReviewChanged};
use serde::{Deserialize, Serialize};
use values::{Error, ProductId, Result, ReviewId, Trace};

use crate::reviews::review::{RatingChange, no_review};
use crate::{CatalogService, Review};

/// What is kept of the answer to a keyed request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredReviewId {
    pub(crate) id: ReviewId,
}

/// What becomes of a review.
pub(crate) enum ReviewUpdate {
    /// It is as it should be.
    Keep,
    /// It is this, from now on.
    Replace(Review),
    /// It goes.
    Delete,
}

impl CatalogService {
    /// Does to a review what `decide` says, in one transaction with its product's rating; when another change came between, it
    /// decides again. Answers the review as it was left: gone, as it was before. 412 `version_mismatch` unless it is at
    /// `version`. 2 round trips, 1 more for each change that came between.
    pub(crate) async fn update_review(
        &self,
        place: (ProductId, ReviewId),
        version: Option<u64>,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
        decide: impl Fn(&Review) -> Result<ReviewUpdate>,
    ) -> Result<Idempotent<Review>> {
        let (product, id) = place;
        let mut current = self.catalog.review(product, id).await?;
        let mut backoff = Backoff::start();
        loop {
            let before = current.ok_or_else(no_review)?;
            // First whose it is: the versions of others' reviews are nobody's business.
            let update = decide(&before)?;
            if version.is_some_and(|version| version != before.version) {
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
            // Who takes back what was hidden has had their say: else nothing would stay hidden.
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

    /// What a repetition of a change is answered: the review as it is now, for what is kept of it has no word of its customer's.
    /// 404 when it is gone. 1 round trip.
    pub(crate) async fn replay_review(&self, (product, id): (ProductId, ReviewId)) -> Result<Idempotent<Review>> {
        self.catalog.review(product, id).await?.map(Idempotent::Replayed).ok_or_else(no_review)
    }

    /// The event of a review as it is after a change.
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
