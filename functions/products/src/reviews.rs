//! Routes of reviews. A response never names the author. The author sees `mine`, and why an admin hid the review.

use aws_kit::sha256_hex;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use catalog::{ModerationDecision, Review, ReviewContent, ReviewText, Stars, Visibility};
use http::{StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, IdempotencyKey, IfMatch, IfNoneMatch, Json, PageQuery, Path, Query,
    Replaceable, Replacement, idempotent_response, list, with_etag,
};
use serde::{Deserialize, Serialize};
use values::permit::{ModerateReviews, WriteReviews};
use values::{Caller, Permission, ProductId, ReviewId, Text, Timestamp};

use crate::state::State;

/// A product and a review in a path.
type Place = Path<(ProductId, ReviewId)>;

/// All routes of reviews.
pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products/{id}/reviews", get(list_reviews).post(post))
        .route("/api/v1/products/{id}/reviews/{reviewId}", get(show).put(change).delete(remove))
        .route("/api/v1/products/{id}/reviews/{reviewId}/status", patch(moderate))
}

/// The query of `GET /products/{id}/reviews`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ListIn {
    limit: Option<u32>,
    cursor: Option<String>,
    /// `hidden` is for admins only.
    #[serde(default)]
    status: Visibility,
}

/// The new content of a review: the body of `PUT /products/{id}/reviews/{reviewId}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(crate) struct ReviewReplacement(ReviewContent);

impl Replaceable for ReviewReplacement {
    const READ_ONLY: &'static [&'static str] = &["id", "mine", "status", "reason", "version", "createdAt", "updatedAt"];
}

/// An admin's decision: the body of `PATCH /products/{id}/reviews/{reviewId}/status`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ReviewStatusChange"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ModerationIn {
    status: Visibility,
    /// Why the review is hidden. Its author can read it.
    reason: Option<Text<200>>,
}

/// A review as clients see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Review"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewOut {
    /// The id of the review.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ReviewId"))]
    id: ReviewId,
    /// The number of stars.
    rating: Stars,
    title: Option<Text<100>>,
    text: Option<ReviewText>,
    /// True if the caller wrote the review, otherwise missing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mine: bool,
    /// Only for the author and for admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Visibility>,
    /// Why the review is hidden. Only for the author and for admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text<200>>,
    /// Increases with every change.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    version: u64,
    /// The time when the review was posted.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl ReviewOut {
    fn visible_to(caller: &Caller, review: Review) -> Self {
        let mine = review.is_by(caller.author());
        let is_insider = mine || caller.may(Permission::ModerateReviews);
        let status = is_insider.then_some(review.visibility());
        let Review { id, content, hidden, version, created_at, updated_at, .. } = review;
        let ReviewContent { rating, title, text } = content;
        let reason = hidden.filter(|_| is_insider).and_then(|hidden| hidden.reason);
        Self { id, rating, title, text, mine, status, reason, version, created_at, updated_at }
    }
}

async fn list_reviews(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(id): Path<ProductId>,
    Query(query): Query<ListIn>,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    let (ListIn { limit, cursor, status }, caller) = (query, &context.caller);
    let name = format!("{status} reviews of {id}");
    let page = state.cursors.open(&PageQuery { limit, cursor }, &name)?;
    let page = state.products.reviews(id, status, caller, &page).await?;
    let body = list(page.map(|review| ReviewOut::visible_to(caller, review)), &state.cursors, &name);
    let digest = sha256_hex(body.to_string().as_bytes());
    // Signed-in users see which review is theirs, so they must not get a guest's response.
    let cache_control =
        if caller.account().is_some() { "private, no-cache" } else { "public, max-age=5, stale-while-revalidate=30" };
    let headers = [(header::CACHE_CONTROL, cache_control), (header::VARY, "authorization, x-api-key")];
    Ok((headers, with_etag(&digest[..32], &if_none_match, body)).into_response())
}

async fn post(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<WriteReviews>,
    Path(id): Path<ProductId>,
    key: IdempotencyKey,
    Json(body): Json<ReviewContent>,
) -> ApiResult {
    let CallContext { caller, trace } = &context;
    let idempotency = key.of(&trace.actor.0, &format!("POST /products/{id}/reviews"), &body)?;
    let posted = state.products.post_review(id, caller, body, trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(posted, |review| (StatusCode::CREATED, response(caller, review))))
}

async fn show(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(place): Place,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    let review = state.products.review(place, &context.caller).await?;
    Ok(with_etag(etag(&context.caller, &review), &if_none_match, ReviewOut::visible_to(&context.caller, review)))
}

async fn change(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<WriteReviews>,
    Path(place): Place,
    if_match: IfMatch,
    body: Replacement<ReviewReplacement>,
) -> ApiResult {
    let user = context.caller.require_account()?;
    let stored = async {
        let review = state.products.review(place, &context.caller).await?;
        if_match.check("review", review.version)?;
        Ok(ReviewOut::visible_to(&context.caller, review))
    };
    let ReviewReplacement(content) = body.checked(stored).await?;
    let review = state.products.change_review(place, user, &content, if_match.version()?, &context.trace).await?;
    Ok(response(&context.caller, review))
}

async fn remove(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<WriteReviews>,
    Path(place): Place,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    let user = context.caller.require_account()?;
    state.products.delete_review(place, user, if_match.version()?, &context.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn moderate(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ModerateReviews>,
    Path(place): Place,
    if_match: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<ModerationIn>,
) -> ApiResult {
    let CallContext { caller, trace } = &context;
    let idempotency =
        key.of(&trace.actor.0, &format!("PATCH /products/{}/reviews/{}/status", place.0, place.1), &body)?;
    let decision =
        ModerationDecision { status: body.status, reason: body.reason, version: if_match.version()?.cloned() };
    let moderated = state.products.moderate_review(place, &decision, trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(moderated, |review| response(caller, review)))
}

fn response(caller: &Caller, review: Review) -> Response {
    with_etag(etag(caller, &review), &IfNoneMatch::default(), ReviewOut::visible_to(caller, review))
}

/// The version, and the caller's view: authors and admins see more.
fn etag(caller: &Caller, review: &Review) -> String {
    let whose = match (review.is_by(caller.account()), caller.may(Permission::ModerateReviews)) {
        (true, _) => "author",
        (_, true) => "admin",
        _ => "anybody",
    };
    format!("{}.{whose}", review.version)
}
