//! Reviews.

use catalog::ReviewContent;
use http_kit::openapi::{Access, Api};
use values::schema::{ProductId, ReviewId};

use super::texts::PRODUCT;
use crate::reviews::{ListIn, ModerationIn, ReviewOut, ReviewReplacement};

const REVIEW: &str = "The id of the review.";
const STATE: &str = "The current state.";
const CONFLICT: &str = "`too_many_concurrent_updates`: read the review and try again.";

pub(super) fn openapi(api: &mut Api) {
    let path = "/api/v1/products/{id}/reviews";
    api.operation("get", path, Access::Optional, "listReviews", "List reviews")
        .describe("Newest first, without the names of the authors. A new review is listed a moment later.")
        .path_param::<ProductId>("id", PRODUCT)
        .queries::<ListIn>()
        .if_none_match()
        .answer_page::<ReviewOut>("A page of reviews.")
        .done();
    api.operation("post", path, Access::Account, "postReview", "Review a product")
        .describe(
            "Each customer who received the product can post one review. A moment passes between the delivery of an order and the \
             permission to post.",
        )
        .path_param::<ProductId>("id", PRODUCT)
        .idempotency_key(false)
        .body::<ReviewContent>()
        .answer::<ReviewOut>(201, "The review is posted, and the rating includes it.")
        .error(
            403,
            "`not_received`: you have not received this product. With an API key also `account_suspended` and \
             `insufficient_scope`.",
        )
        .error(409, "`already_reviewed`, with the `reviewId` of the review to change.")
        .done();
    let path = "/api/v1/products/{id}/reviews/{reviewId}";
    api.operation("get", path, Access::Optional, "getReview", "Read a review")
        .describe("A hidden review can be read only by its author and by admins.")
        .path_param::<ProductId>("id", PRODUCT)
        .path_param::<ReviewId>("reviewId", REVIEW)
        .if_none_match()
        .answer::<ReviewOut>(200, STATE)
        .done();
    api.operation("put", path, Access::Account, "changeReview", "Replace your review")
        .describe("Fields that are left out become empty. A hidden review stays hidden.")
        .path_param::<ProductId>("id", PRODUCT)
        .path_param::<ReviewId>("reviewId", REVIEW)
        .if_match(false)
        .replacement::<ReviewReplacement>("ReviewUpdate")
        .answer::<ReviewOut>(200, STATE)
        .error(409, CONFLICT)
        .done();
    api.operation("delete", path, Access::Account, "deleteReview", "Delete your review")
        .describe("After this you can post another review, unless this one was hidden.")
        .path_param::<ProductId>("id", PRODUCT)
        .path_param::<ReviewId>("reviewId", REVIEW)
        .if_match(false)
        .answer_empty(204, "The review is deleted, and the rating no longer includes it.")
        .error(409, CONFLICT)
        .done();
    let path = "/api/v1/products/{id}/reviews/{reviewId}/status";
    api.operation("patch", path, Access::Account, "moderateReview", "Hide or show a review")
        .describe("Admins only. The rating does not include hidden reviews.")
        .path_param::<ProductId>("id", PRODUCT)
        .path_param::<ReviewId>("reviewId", REVIEW)
        .if_match(false)
        .idempotency_key(false)
        .body::<ModerationIn>()
        .answer::<ReviewOut>(200, STATE)
        .error(409, CONFLICT)
        .done();
}
