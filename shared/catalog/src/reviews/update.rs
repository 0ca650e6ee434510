//! What all changes of a review have in common: the version they are of, the rating that they correct, and the event.

use aws_kit::{Backoff, CommitError, Idempotency, Idempotent, Transaction, outbox_put};
use events::{Envelope, Event, ReviewChanged};
use serde::{Deserialize, Serialize};
use values::{Error, ProductId, Result, ReviewId, Trace};

use crate::reviews::review::{Tally, no_review};
use crate::{Products, Review};

/// What is kept of the answer to a keyed request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Revised {
    pub(crate) id: ReviewId,
}

/// What becomes of a review.
pub(crate) enum Next {
    /// It is as it should be.
    Stays,
    /// It is this, from now on.
    Becomes(Review),
    /// It goes.
    Goes,
}

impl Products {
    /// Does to a review what `decide` says, in one transaction with its product's rating; when another change came between, it
    /// decides again. Answers the review as it was left: gone, as it was before. 412 `version_mismatch` unless it is at
    /// `version`. 2 round trips, 1 more for each change that came between.
    pub(crate) async fn revise(
        &self,
        place: (ProductId, ReviewId),
        version: Option<u64>,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
        decide: impl Fn(&Review) -> Result<Next>,
    ) -> Result<Idempotent<Review>> {
        let (product, id) = place;
        let mut found = self.catalog.review(product, id).await?;
        let mut backoff = Backoff::start();
        loop {
            let before = found.ok_or_else(no_review)?;
            // First whose it is: the versions of others' reviews are nobody's business.
            let next = decide(&before)?;
            if version.is_some_and(|version| version != before.version) {
                return Err(Error::version_mismatch("review"));
            }
            let after = match next {
                Next::Stays => return Ok(Idempotent::Fresh(before)),
                Next::Becomes(after) => Some(after),
                Next::Goes => None,
            };
            let mut writes = Transaction::new();
            let held = match &after {
                Some(after) => writes.add(self.catalog.put_review_over(before.version, after)?),
                None => writes.add(self.catalog.delete_review(&before)?),
            };
            // Who takes back what was hidden has had their say: else nothing would stay hidden.
            if after.is_none() && before.hidden.is_none() {
                writes.add(self.catalog.free_receipt(&before)?);
            }
            if let Some(change) = Tally::between(Some(&before), after.as_ref()) {
                writes.add(self.catalog.rate(product, change)?);
            }
            let answer = after.unwrap_or_else(|| before.next(self.clock.now()));
            self.tell_review(&mut writes, &answer, Event::ReviewChanged, trace)?;
            let committed = self.commit(writes, Revised { id }, idempotency).await;
            self.catalog.forget(product);
            match committed {
                Err(CommitError::ConditionFailed(refusals)) => match refusals.of(held) {
                    Some(refused) if backoff.wait().await => found = refused.row()?,
                    _ => return Err(CommitError::ConditionFailed(refusals).into()),
                },
                Err(failed) => return Err(failed.into()),
                Ok(Idempotent::Fresh(_)) => return Ok(Idempotent::Fresh(answer)),
                Ok(Idempotent::Replayed(_)) => return self.as_it_is(place).await,
            }
        }
    }

    /// What a repetition of a change is answered: the review as it is now, for what is kept of it has no word of its customer's.
    /// 404 when it is gone. 1 round trip.
    pub(crate) async fn as_it_is(&self, (product, id): (ProductId, ReviewId)) -> Result<Idempotent<Review>> {
        self.catalog.review(product, id).await?.map(Idempotent::Replayed).ok_or_else(no_review)
    }

    /// The event of a review as it is after a change.
    pub(crate) fn tell_review(
        &self,
        writes: &mut Transaction,
        after: &Review,
        event: fn(ReviewChanged) -> Event,
        trace: &Trace,
    ) -> Result<()> {
        let changed = event(ReviewChanged { product_id: after.product_id, review_id: after.id });
        let told = Envelope::new(&self.clock, trace, after.id, after.version, changed);
        writes.add(outbox_put(self.catalog.table(), &told)?);
        Ok(())
    }
}
