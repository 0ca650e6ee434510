//! Use cases: list reviews, and read one. Hidden reviews are visible only to their author and to admins.

use values::{Caller, Page, PageRequest, Permission, ProductId, Result, ReviewId};

use crate::reviews::review::no_review;
use crate::{CatalogService, Review, Visibility};

impl CatalogService {
    /// A page of a product's reviews, newest first, some moments old. Only admins list hidden reviews. 404 for a
    /// product that the caller may not see. 2 round trips, 1 if this execution environment read the product lately.
    pub async fn reviews(
        &self,
        product: ProductId,
        shown: Visibility,
        caller: &Caller,
        request: &PageRequest,
    ) -> Result<Page<Review>> {
        if shown == Visibility::Hidden {
            caller.require(Permission::ModerateReviews)?;
        }
        self.read(product, caller).await?;
        self.catalog.list_reviews(product, shown, request).await
    }

    /// One review. 404 for a hidden one, except for its author and for admins. 1 round trip.
    pub async fn review(&self, place: (ProductId, ReviewId), caller: &Caller) -> Result<Review> {
        let review = self.catalog.review(place.0, place.1).await?;
        let is_visible = |review: &Review| {
            review.hidden.is_none() || review.is_by(caller.author()) || caller.may(Permission::ModerateReviews)
        };
        review.filter(is_visible).ok_or_else(no_review)
    }
}
