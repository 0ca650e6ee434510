//! Moderation: an admin hides a review, or shows it again.

use aws_kit::{Idempotency, Idempotent};
use values::{Error, ProductId, Result, ReviewId, Text, Trace};

use crate::reviews::update::{Next, Revised};
use crate::{Hidden, Products, Review, Visibility};

/// What an admin decides about a review.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Shown, or not.
    pub status: Visibility,
    /// Why it is hidden.
    pub reason: Option<Text<200>>,
    /// Only while the review is at that version.
    pub version: Option<u64>,
}

impl Products {
    /// Hides a review, which takes it out of the list and the rating, or shows it again. What is so already stays as it is.
    /// 2 round trips.
    pub async fn judge_review(
        &self,
        place: (ProductId, ReviewId),
        verdict: &Verdict,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Review>> {
        if verdict.status == Visibility::Visible && verdict.reason.is_some() {
            return Err(Error::invalid("reason", "reason_without_hiding", "is told when a review is hidden"));
        }
        let tried =
            self.revise(place, verdict.version, trace, idempotency, |review| Ok(judged(review, verdict, self, trace)));
        match (tried.await, idempotency) {
            (Err(error), Some(idempotency)) => {
                let table = self.catalog.table();
                let _revised: Revised = idempotency.or_earlier(table, self.clock.now(), error).await?;
                self.as_it_is(place).await
            }
            (tried, _) => tried,
        }
    }
}

fn judged(review: &Review, verdict: &Verdict, products: &Products, trace: &Trace) -> Next {
    let told = review.hidden.as_ref().and_then(|hidden| hidden.reason.as_ref());
    if review.visibility() == verdict.status && told == verdict.reason.as_ref() {
        return Next::Stays;
    }
    let now = products.clock.now();
    let hide = || Hidden { by: trace.actor.clone(), at: now, reason: verdict.reason.clone() };
    Next::Becomes(Review { hidden: (verdict.status == Visibility::Hidden).then(hide), ..review.next(now) })
}
