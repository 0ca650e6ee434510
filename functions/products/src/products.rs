//! One product: made, read, told anew, changed in parts, taken out of the shop; and what became of it.

use axum::Router;
use axum::extract::State as AxumState;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use catalog::{Patch, ProductIn, ProductOut};
use http::{HeaderValue, StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, Cursors, IdempotencyKey, IfMatch, IfNoneMatch, Json, PageQuery, Path, Query,
    idempotent_response, list, with_etag,
};
use values::permit::ManageProducts;
use values::{Caller, Permission, ProductId};

use crate::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products", post(create))
        .route("/api/v1/products/{id}", get(show).put(replace).patch(change).delete(archive))
        .route("/api/v1/products/{id}/history", get(history))
}

async fn create(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<ManageProducts>,
    key: IdempotencyKey,
    Json(body): Json<ProductIn>,
) -> ApiResult {
    let idempotency = key.of(&visitor.trace.actor.0, "POST /products", &body)?;
    let created = state.products.create(body.draft()?, &visitor.trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(created, |listing| (StatusCode::CREATED, state.shown(listing))))
}

async fn show(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(id): Path<ProductId>,
    known: IfNoneMatch,
) -> ApiResult {
    let listing = state.products.read(id, &visitor.caller).await?;
    let shown = with_etag(listing.tag(), &known, ProductOut::of(listing, &state.media));
    Ok(cached(shown, &visitor.caller))
}

async fn replace(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<ManageProducts>,
    Path(id): Path<ProductId>,
    held: IfMatch,
    Json(body): Json<ProductIn>,
) -> ApiResult {
    let (version, (sheet, stock)) = (held.required()?, body.sheet()?);
    Ok(state.shown(state.products.replace(id, version, sheet, &stock, &visitor.trace).await?))
}

async fn change(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<ManageProducts>,
    Path(id): Path<ProductId>,
    held: IfMatch,
    key: IdempotencyKey,
    Json(body): Json<Patch>,
) -> ApiResult {
    let idempotency = key.of(&visitor.trace.actor.0, &format!("PATCH /products/{id}"), &body)?;
    let patched = state.products.patch(id, held.required()?, body, &visitor.trace, idempotency.as_ref()).await?;
    Ok(idempotent_response(patched, |listing| state.shown(listing)))
}

async fn archive(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<ManageProducts>,
    Path(id): Path<ProductId>,
    held: IfMatch,
) -> ApiResult<StatusCode> {
    state.products.archive(id, held.required()?, &visitor.trace).await?;
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

/// An answer that everybody but an admin gets alike may be kept for moments by whoever passes it on (RFC 9111, 5.2.2; RFC 5861).
pub(crate) fn cached(mut answer: Response, caller: &Caller) -> Response {
    let kept = match caller.may(Permission::ManageProducts) {
        true => "private, no-cache",
        false => "public, max-age=5, stale-while-revalidate=30",
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("authorization, x-api-key"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, Role};

    #[test]
    fn an_admins_page_is_kept_by_nobody_else() {
        let kept = |caller: &Caller| cached(().into_response(), caller).headers()[header::CACHE_CONTROL].clone();
        let admin = Caller::User { id: Clock::System.mint(), role: Role::Admin, session: Clock::System.mint() };
        assert_eq!(kept(&admin), "private, no-cache");
        assert!(kept(&Caller::Guest).to_str().unwrap().starts_with("public, max-age=5,"));
    }
}
