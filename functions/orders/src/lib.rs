//! The orders API: quote, place, read, list, pay again, advance and cancel. A handler extracts, calls the use case and
//! shapes the response.

mod bodies;
mod lists;
#[cfg(feature = "openapi")]
mod openapi;
#[cfg(feature = "openapi")]
mod schema;
mod shape;
mod state;

use aws_kit::Idempotency;
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use axum::routing::{get, patch, post};
use http::{HeaderMap, StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, SourceIp, etag,
    idempotent_response, order_token, with_etag,
};
use orders::{OrderRequest, Status};
use values::permit::{Buy, MoveOrders};
use values::{Caller, OrderId, Permission, Text};

use bodies::{CancelIn, MoveIn, PayIn, PlaceIn};
#[cfg(feature = "openapi")]
pub use openapi::openapi;
use shape::{OrderOut, QuoteOut};

pub use state::State;

/// The routes of the API.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/orders", post(place).get(lists::list_all))
        .route("/api/v1/orders/quote", post(quote))
        .route("/api/v1/orders/{id}", get(show))
        .route("/api/v1/orders/{id}/pay", post(pay))
        .route("/api/v1/orders/{id}/cancel", post(cancel))
        .route("/api/v1/orders/{id}/status", patch(advance))
        .route("/api/v1/orders/{id}/history", get(lists::list_history))
        .route("/api/v1/orders/user/{user}", get(lists::list_of_user))
        .with_state(state)
}

async fn place(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    source: SourceIp,
    key: IdempotencyKey,
    Json(body): Json<PlaceIn>,
) -> ApiResult {
    let key = key.required()?;
    let idempotency = Idempotency::new(&scope(&context.caller), "POST /orders", &key, &body)?;
    let new = body.into_new(&context.caller)?;
    let placed =
        state.checkout.place(new, &context.caller, &source.network(), &key, &idempotency, &context.trace).await;
    let placed = placed.map_err(|error| state.shown_stock.to(&context.caller).error(error))?;
    Ok(idempotent_response(placed, |placed| {
        (StatusCode::CREATED, with_tag(OrderOut::with_token(placed.details, placed.order_token)))
    }))
}

async fn quote(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    Json(body): Json<PlaceIn>,
) -> ApiResult {
    let request = body.into_quote_request(&context.caller)?;
    let quote = state.checkout.quote(request, &context.caller).await?;
    Ok(Json(QuoteOut::new(quote, state.shown_stock.to(&context.caller))).into_response())
}

async fn show(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(id): Path<OrderId>,
    if_none_match: IfNoneMatch,
    headers: HeaderMap,
) -> ApiResult {
    let details = state.checkout.service.orders.read_visible(id, &context.caller, order_token(&headers)).await?;
    context.report_customers_read(Some(&details.order.buyer), 1);
    Ok(with_etag(details.order.version, &if_none_match, OrderOut::from(details)))
}

async fn pay(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<Buy>,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    Json(body): Json<PayIn>,
) -> ApiResult {
    let action = format!("POST /orders/{id}/pay");
    let idempotency = Idempotency::new(&scope(&context.caller), &action, &key.required()?, &body)?;
    let (caller, order_token, trace) = (&context.caller, order_token(&headers), &context.trace);
    let request = OrderRequest { caller, order_token, version: None, idempotency: Some(&idempotency), trace };
    let paid = state.checkout.pay(id, body.payment_method, &request).await?;
    Ok(idempotent_response(paid, |paid| with_tag(OrderOut::from(paid))))
}

async fn cancel(
    AxumState(state): AxumState<State>,
    context: CallContext,
    (key, if_match): (IdempotencyKey, IfMatch),
    source: SourceIp,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    Json(body): Json<CancelIn>,
) -> ApiResult {
    // An API key that may only read orders must not cancel one.
    if !context.caller.may(Permission::MoveOrders) {
        context.caller.require(Permission::Buy)?;
    }
    let idempotency = key.of(&scope(&context.caller), &format!("POST /orders/{id}/cancel"), &body)?;
    let (caller, order_token, trace) = (&context.caller, order_token(&headers), &context.trace);
    let request =
        OrderRequest { caller, order_token, version: if_match.version()?, idempotency: idempotency.as_ref(), trace };
    let cancelled = state.checkout.cancel(id, Some(body.reason.as_str()), &source.network(), &request).await?;
    Ok(idempotent_response(cancelled, |cancelled| with_tag(OrderOut::from(cancelled))))
}

async fn advance(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<MoveOrders>,
    key: IdempotencyKey,
    if_match: IfMatch,
    source: SourceIp,
    Path(id): Path<OrderId>,
    Json(body): Json<MoveIn>,
) -> ApiResult {
    let idempotency = key.of(&scope(&context.caller), &format!("PATCH /orders/{id}/status"), &body)?;
    let (caller, trace) = (&context.caller, &context.trace);
    let request = OrderRequest {
        caller,
        order_token: None,
        version: if_match.version()?,
        idempotency: idempotency.as_ref(),
        trace,
    };
    let (checkout, note) = (&state.checkout, body.note.as_ref().map(Text::as_str));
    let order = match body.status {
        Status::Cancelled => checkout.cancel(id, note, &source.network(), &request).await?,
        status => checkout.service.advance(id, status, note, &request).await?,
    };
    Ok(idempotent_response(order, |order| with_tag(OrderOut::from(order))))
}

/// A response with the order and its entity tag.
fn with_tag(order: OrderOut) -> impl IntoResponse {
    ([(header::ETAG, etag(order.version()))], Json(order))
}

/// The scope of idempotency keys: the account, or all guests together. A guest who corrects the request and sends it
/// again with the same key gets an error, and has not bought twice.
fn scope(caller: &Caller) -> String {
    caller.account().map_or_else(|| "guest".to_owned(), |user| user.to_string())
}
