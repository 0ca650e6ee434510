//! Routes of products, and of their history.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use catalog::{Patch, ProductIn, ProductOut};
use http::{HeaderValue, StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, Cursors, IdempotencyKey, IfMatch, IfNoneMatch, Json, PageQuery, Path, Query,
    Replaceable, Replacement, idempotent_response, list, with_etag,
};
use serde::Deserialize;
use values::permit::ManageProducts;
use values::{Caller, Permission, ProductId};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products", post(create))
        .route("/api/v1/products/{id}", get(show).put(replace).patch(change).delete(archive))
        .route("/api/v1/products/{id}/history", get(history))
}

/// The new content of a product: the body of `PUT /products/{id}`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct ProductReplacement(ProductIn);

impl Replaceable for ProductReplacement {
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "sku",
        "images",
        "stock",
        "flash",
        "rating",
        "status",
        "version",
        "createdAt",
        "updatedAt",
        "variants[].name",
    ];
}

/// What sales and reviews change without a new version.
const COUNTED: &[&str] = &["stock", "rating"];

async fn create(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    key: IdempotencyKey,
    Json(body): Json<ProductIn>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, "POST /products", &body)?;
    let created = state.products.create(body.draft()?, &context.trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(created, |listing| (StatusCode::CREATED, state.product_response(listing))))
}

async fn show(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(id): Path<ProductId>,
    if_none_match: IfNoneMatch,
) -> ApiResult {
    let listing = state.products.read(id, &context.caller).await?;
    let shown = with_etag(
        listing.etag(),
        &if_none_match,
        ProductOut::new(listing, &state.media, state.shown_stock.to(&context.caller)),
    );
    Ok(with_cache_headers(shown, &context.caller))
}

async fn replace(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path(id): Path<ProductId>,
    if_match: IfMatch,
    body: Replacement<ProductReplacement>,
) -> ApiResult {
    let version = if_match.required()?;
    let stored = async {
        let listing = state.products.read(id, &context.caller).await?;
        if_match.check("product", listing.product.version)?;
        // Neither a sale nor a review makes an edit fail.
        let except = if if_match.is_behind(&listing.etag()) { COUNTED } else { &[] };
        Ok((ProductOut::new(listing, &state.media, state.shown_stock.to(&context.caller)), except))
    };
    let ProductReplacement(product) = body.checked_except(stored).await?;
    let (content, stock) = product.content()?;
    Ok(state.product_response(state.products.replace(id, version, content, &stock, &context.trace).await?))
}

async fn change(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path(id): Path<ProductId>,
    if_match: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<Patch>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, &format!("PATCH /products/{id}"), &body)?;
    let patched = state.products.patch(id, if_match.required()?, body, &context.trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(patched, |listing| state.product_response(listing)))
}

async fn archive(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path(id): Path<ProductId>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.products.archive(id, if_match.required()?, &context.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn history(
    AxumState(state): AxumState<State>,
    AxumState(cursors): AxumState<Cursors>,
    _: Authorized<ManageProducts>,
    Path(id): Path<ProductId>,
    Query(page): Query<PageQuery>,
) -> ApiResult {
    let name = format!("history of {id}");
    let rows = state.products.history(id, &cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows, &cursors, &name)).into_response())
}

/// Lets shared caches keep a response for some seconds, unless the caller is an admin (RFC 9111, section 5.2.2; RFC
/// 5861).
pub(crate) fn with_cache_headers(mut response: Response, caller: &Caller) -> Response {
    let cache_control = match caller.may(Permission::ManageProducts) {
        true => "private, no-cache",
        false => "public, max-age=5, stale-while-revalidate=30",
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("authorization, x-api-key"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, Role};

    #[test]
    fn response_to_an_admin_is_private() {
        let cache_control =
            |caller: &Caller| with_cache_headers(().into_response(), caller).headers()[header::CACHE_CONTROL].clone();
        let (id, session) = (Clock::System.mint(), Clock::System.mint());
        let admin = Caller::User {
            id,
            role: Role::Admin,
            session,
            authenticated_at: None,
            assurance: values::Assurance::OneFactor,
        };
        assert_eq!(cache_control(&admin), "private, no-cache");
        assert!(cache_control(&Caller::Guest).to_str().unwrap().starts_with("public, max-age=5,"));
    }
}
