//! Use cases: a customer changes or deletes their review.

use aws_kit::Idempotent;
use values::{ExpectedVersion, ProductId, Result, ReviewId, Trace, UserId};

use crate::reviews::review::no_review;
use crate::reviews::update::ReviewUpdate;
use crate::{CatalogService, Review, ReviewContent};

impl CatalogService {
    /// Replaces the content of the review that `user` posted. A hidden review stays hidden. 404 for the review of
    /// another user. 2 round trips.
    pub async fn change_review(
        &self,
        place: (ProductId, ReviewId),
        user: UserId,
        content: &ReviewContent,
        expected: Option<&ExpectedVersion>,
        trace: &Trace,
    ) -> Result<Review> {
        let changed = self.update_review(place, expected, trace, None, |review| {
            check_author(review, user)?;
            Ok(ReviewUpdate::Replace(Review { content: content.clone(), ..review.next(self.clock.now()) }))
        });
        changed.await.map(Idempotent::into_inner)
    }

    /// Deletes the review that `user` posted. They may post another one, unless it was hidden. 404 for the review of
    /// another user. 2 round trips.
    pub async fn delete_review(
        &self,
        place: (ProductId, ReviewId),
        user: UserId,
        expected: Option<&ExpectedVersion>,
        trace: &Trace,
    ) -> Result<()> {
        let deleted = self.update_review(place, expected, trace, None, |review| {
            check_author(review, user)?;
            Ok(ReviewUpdate::Delete)
        });
        deleted.await.map(drop)
    }
}

fn check_author(review: &Review, user: UserId) -> Result<()> {
    review.is_by(Some(user)).then_some(()).ok_or_else(no_review)
}
