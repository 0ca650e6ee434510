//! Use case: an admin hides a review or shows it again.

use aws_kit::{Idempotency, Idempotent};
use values::{Error, ExpectedVersion, ProductId, Result, ReviewId, Text, Trace};

use crate::reviews::update::ReviewUpdate;
use crate::{CatalogService, Moderation, Review, Visibility};

/// The decision of an admin about a review.
#[derive(Debug, Clone)]
pub struct ModerationDecision {
    pub status: Visibility,
    /// Only with `Hidden`.
    pub reason: Option<Text<200>>,
    /// Only if the review is at this version.
    pub version: Option<ExpectedVersion>,
}

impl CatalogService {
    /// Hides a review, which removes it from the list and the rating, or shows it again. A decision that changes
    /// nothing writes nothing. 2 round trips.
    pub async fn moderate_review(
        &self,
        place: (ProductId, ReviewId),
        decision: &ModerationDecision,
        trace: &Trace,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Review>> {
        if decision.status == Visibility::Visible && decision.reason.is_some() {
            return Err(Error::invalid("reason", "reason_without_hiding", "is allowed only when a review is hidden"));
        }
        let expected = decision.version.as_ref();
        let moderate = |review: &Review| Ok(moderate(review, decision, self, trace));
        self.update_review(place, expected, trace, idempotency, moderate).await
    }
}

fn moderate(review: &Review, decision: &ModerationDecision, products: &CatalogService, trace: &Trace) -> ReviewUpdate {
    let reason = review.hidden.as_ref().and_then(|hidden| hidden.reason.as_ref());
    if review.visibility() == decision.status && reason == decision.reason.as_ref() {
        return ReviewUpdate::Keep;
    }
    let now = products.clock.now();
    let hide = || Moderation { by: trace.actor.clone(), at: now, reason: decision.reason.clone() };
    ReviewUpdate::Replace(Review { hidden: (decision.status == Visibility::Hidden).then(hide), ..review.next(now) })
}
