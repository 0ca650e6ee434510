//! Orders over HTTP: quote, place, read, list, pay again, move, cancel. Handlers extract, call the use case and shape the answer.

mod bodies;
mod lists;
mod shape;

use aws_kit::{Aws, Idempotency, Settings, Table};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::IntoResponse;
use axum::routing::{get, patch, post};
use cart::Carts;
use http::{HeaderMap, StatusCode, header};
use http_kit::{
    ApiResult, Authorized, CallContext, Cursors, IdempotencyKey, IfMatch, IfNoneMatch, Json, Path, Verifier, etag,
    idempotent_response, order_token, with_etag,
};
use identity::AccountService;
use orders::{Asked, Checkout, Desk, Status};
use values::permit::{Buy, MoveOrders};
use values::{Caller, Clock, OrderId, Permission, Result, Text};

use bodies::{CancelIn, MoveIn, PayIn, PlaceIn};
use shape::{OrderOut, QuoteOut};

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    checkout: Checkout,
    verifier: Verifier,
    cursors: Cursors,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let checkout = Checkout {
            desk: Desk::from_env(aws, Clock::System)?,
            carts: Carts::from_env(aws)?,
            accounts: AccountService::from_env(aws)?,
            currency: Settings.parsed("SOUK_CURRENCY")?,
            hold_seconds: Settings.parsed("SOUK_HOLD_SECONDS")?,
        };
        Ok(Self { checkout, verifier: Verifier::from_env(aws)?, cursors: Cursors::from_env()? })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.checkout.desk.orders.table()
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

/// The routes of the group.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/orders", post(place).get(lists::all))
        .route("/api/v1/orders/quote", post(quote))
        .route("/api/v1/orders/{id}", get(show))
        .route("/api/v1/orders/{id}/pay", post(pay))
        .route("/api/v1/orders/{id}/cancel", post(cancel))
        .route("/api/v1/orders/{id}/status", patch(advance))
        .route("/api/v1/orders/{id}/history", get(lists::history))
        .route("/api/v1/orders/user/{user}", get(lists::of_user))
        .with_state(state)
}

async fn place(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    key: IdempotencyKey,
    Json(body): Json<PlaceIn>,
) -> ApiResult {
    let key = key.required()?;
    let idempotency = Idempotency::new(&scope(&visitor.caller), "POST /orders", &key, &body)?;
    let new = body.into_new(&visitor.caller)?;
    let placed = state.checkout.place(new, &visitor.caller, &key, &idempotency, &visitor.trace).await?;
    Ok(idempotent_response(placed, |placed| {
        (StatusCode::CREATED, shown(OrderOut::placed(placed.full, placed.order_token)))
    }))
}

async fn quote(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    Json(body): Json<PlaceIn>,
) -> ApiResult {
    let inquiry = body.into_inquiry(&visitor.caller)?;
    Ok(Json(QuoteOut::from(state.checkout.quote(inquiry, &visitor.caller).await?)).into_response())
}

async fn show(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(id): Path<OrderId>,
    known: IfNoneMatch,
    headers: HeaderMap,
) -> ApiResult {
    let full = state.checkout.desk.orders.show(id, &visitor.caller, order_token(&headers)).await?;
    Ok(with_etag(full.order.version, &known, OrderOut::from(full)))
}

async fn pay(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<Buy>,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    Json(body): Json<PayIn>,
) -> ApiResult {
    let action = format!("POST /orders/{id}/pay");
    let idempotency = Idempotency::new(&scope(&visitor.caller), &action, &key.required()?, &body)?;
    let (caller, order_token, trace) = (&visitor.caller, order_token(&headers), &visitor.trace);
    let asked = Asked { caller, order_token, version: None, idempotency: Some(&idempotency), trace };
    let paid = state.checkout.desk.pay(id, body.payment_method, &asked).await?;
    Ok(idempotent_response(paid, |paid| shown(OrderOut::from(paid))))
}

async fn cancel(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    key: IdempotencyKey,
    held: IfMatch,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    Json(body): Json<CancelIn>,
) -> ApiResult {
    // A key that only reads what was bought cancels nothing.
    if !visitor.caller.may(Permission::MoveOrders) {
        visitor.caller.require(Permission::Buy)?;
    }
    let idempotency = key.of(&scope(&visitor.caller), &format!("POST /orders/{id}/cancel"), &body)?;
    let (caller, order_token, trace) = (&visitor.caller, order_token(&headers), &visitor.trace);
    let asked = Asked { caller, order_token, version: held.version()?, idempotency: idempotency.as_ref(), trace };
    let cancelled = state.checkout.desk.cancel(id, Some(body.reason.as_str()), &asked).await?;
    Ok(idempotent_response(cancelled, |cancelled| shown(OrderOut::from(cancelled))))
}

async fn advance(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<MoveOrders>,
    key: IdempotencyKey,
    held: IfMatch,
    Path(id): Path<OrderId>,
    Json(body): Json<MoveIn>,
) -> ApiResult {
    let idempotency = key.of(&scope(&visitor.caller), &format!("PATCH /orders/{id}/status"), &body)?;
    let (caller, trace) = (&visitor.caller, &visitor.trace);
    let asked = Asked { caller, order_token: None, version: held.version()?, idempotency: idempotency.as_ref(), trace };
    let (desk, note) = (&state.checkout.desk, body.note.as_ref().map(Text::as_str));
    let moved = match body.status {
        Status::Cancelled => desk.cancel(id, note, &asked).await?,
        status => desk.orders.advance(id, status, note, &asked).await?,
    };
    Ok(idempotent_response(moved, |moved| shown(OrderOut::from(moved))))
}

/// An order with its tag.
fn shown(order: OrderOut) -> impl IntoResponse {
    ([(header::ETAG, etag(order.version()))], Json(order))
}

/// Whose idempotency keys these are: an account's own, or all guests'. A guest who mends a typo and sends again under the same
/// key is told so, and has not bought twice.
fn scope(caller: &Caller) -> String {
    caller.account().map_or_else(|| "guest".to_owned(), |user| user.to_string())
}
