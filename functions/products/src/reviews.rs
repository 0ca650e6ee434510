//! Reviews over HTTP. Nobody is told who wrote one: its author sees `mine`, and what an admin said about it.

use aws_kit::sha256_hex;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use catalog::{Opinion, Prose, Review, Stars, Verdict, Visibility};
use http::{StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, IdempotencyKey, IfMatch, IfNoneMatch, Json, PageQuery, Path, Query,
    idempotent_response, list, with_etag,
};
use serde::{Deserialize, Serialize};
use values::permit::{ModerateReviews, WriteReviews};
use values::{Caller, Permission, ProductId, ReviewId, Text, Timestamp};

use crate::State;

/// A product and its review, in a path.
type Place = Path<(ProductId, ReviewId)>;

/// The routes of reviews.
pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products/{id}/reviews", get(shelf).post(post))
        .route("/api/v1/products/{id}/reviews/{reviewId}", get(show).put(change).delete(take_back))
        .route("/api/v1/products/{id}/reviews/{reviewId}/status", patch(judge))
}

/// The query of `GET /products/{id}/reviews`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShelfIn {
    limit: Option<u32>,
    cursor: Option<String>,
    #[serde(default)]
    status: Visibility,
}

/// The body of `PATCH /products/{id}/reviews/{reviewId}/status`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerdictIn {
    status: Visibility,
    reason: Option<Text<200>>,
}

/// A review as somebody sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewOut {
    id: ReviewId,
    rating: Stars,
    title: Option<Text<100>>,
    text: Option<Prose>,
    /// Only to its author.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mine: bool,
    /// Only to its author and to admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Visibility>,
    /// Why it is hidden; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text<200>>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ReviewOut {
    fn seen_by(caller: &Caller, review: Review) -> Self {
        let mine = review.is_by(caller.author());
        let inside = mine || caller.may(Permission::ModerateReviews);
        let status = inside.then_some(review.visibility());
        let Review { id, opinion, hidden, version, created_at, updated_at, .. } = review;
        let Opinion { rating, title, text } = opinion;
        let reason = hidden.filter(|_| inside).and_then(|hidden| hidden.reason);
        Self { id, rating, title, text, mine, status, reason, version, created_at, updated_at }
    }
}

async fn shelf(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(id): Path<ProductId>,
    Query(query): Query<ShelfIn>,
    known: IfNoneMatch,
) -> ApiResult {
    let (ShelfIn { limit, cursor, status }, caller) = (query, &visitor.caller);
    let name = format!("{status} reviews of {id}");
    let page = state.cursors.open(&PageQuery { limit, cursor }, &name)?;
    let page = state.products.reviews(id, status, caller, &page).await?;
    let body = list(page.map(|review| ReviewOut::seen_by(caller, review)), &state.cursors, &name);
    let digest = sha256_hex(body.to_string().as_bytes());
    // Who is logged in sees which is theirs, so a guest's answer is not for them.
    let kept =
        if caller.account().is_some() { "private, no-cache" } else { "public, max-age=5, stale-while-revalidate=30" };
    let kept = [(header::CACHE_CONTROL, kept), (header::VARY, "authorization, x-api-key")];
    Ok((kept, with_etag(&digest[..32], &known, body)).into_response())
}

async fn post(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<WriteReviews>,
    Path(id): Path<ProductId>,
    key: IdempotencyKey,
    Json(body): Json<Opinion>,
) -> ApiResult {
    let CallContext { caller, trace } = &visitor;
    let idempotency = key.of(&trace.actor.0, &format!("POST /products/{id}/reviews"), &body)?;
    let posted = state.products.post_review(id, caller, body, trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(posted, |review| (StatusCode::CREATED, shown(caller, review))))
}

async fn show(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(place): Place,
    known: IfNoneMatch,
) -> ApiResult {
    let review = state.products.review(place, &visitor.caller).await?;
    Ok(with_etag(tag(&visitor.caller, &review), &known, ReviewOut::seen_by(&visitor.caller, review)))
}

async fn change(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<WriteReviews>,
    Path(place): Place,
    held: IfMatch,
    Json(body): Json<Opinion>,
) -> ApiResult {
    let user = visitor.caller.require_account()?;
    let review = state.products.change_review(place, user, &body, held.version()?, &visitor.trace).await?;
    Ok(shown(&visitor.caller, review))
}

async fn take_back(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<WriteReviews>,
    Path(place): Place,
    held: IfMatch,
) -> ApiResult<StatusCode> {
    let user = visitor.caller.require_account()?;
    state.products.delete_review(place, user, held.version()?, &visitor.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn judge(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<ModerateReviews>,
    Path(place): Place,
    held: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<VerdictIn>,
) -> ApiResult {
    let CallContext { caller, trace } = &visitor;
    let idempotency =
        key.of(&trace.actor.0, &format!("PATCH /products/{}/reviews/{}/status", place.0, place.1), &body)?;
    let verdict = Verdict { status: body.status, reason: body.reason, version: held.version()?.cloned() };
    let judged = state.products.judge_review(place, &verdict, trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(judged, |review| shown(caller, review)))
}

fn shown(caller: &Caller, review: Review) -> Response {
    with_etag(tag(caller, &review), &IfNoneMatch::default(), ReviewOut::seen_by(caller, review))
}

/// Its version, and who looks: an author and an admin are shown more.
fn tag(caller: &Caller, review: &Review) -> String {
    let whose = match (review.is_by(caller.account()), caller.may(Permission::ModerateReviews)) {
        (true, _) => "author",
        (_, true) => "admin",
        _ => "anybody",
    };
    format!("{}.{whose}", review.version)
}
