//! Orders over HTTP: place, read, list, pay again. Handlers extract, call the use case and shape the answer.

mod shape;

use aws_kit::{Aws, Idempotency, Settings, Table};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cart::Carts;
use http::{HeaderMap, StatusCode};
use http_kit::{
    Answer, Cursors, IdempotencyKey, IfNoneMatch, Json, PageQuery, Path, Query, Verifier, Visitor, attempted, list,
    tagged,
};
use identity::Accounts;
use orders::{Checkout, Desk};
use values::{Caller, Clock, Error, OrderId, Result, UserId};

use shape::{OrderOut, PayIn, PlaceIn};

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
            accounts: Accounts::from_env(aws)?,
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
        .route("/api/v1/orders", post(place).get(own))
        .route("/api/v1/orders/{id}", get(show))
        .route("/api/v1/orders/{id}/pay", post(pay))
        .route("/api/v1/orders/{id}/history", get(history))
        .route("/api/v1/orders/user/{user}", get(of_user))
        .with_state(state)
}

async fn place(
    AxumState(state): AxumState<State>,
    visitor: Visitor,
    key: IdempotencyKey,
    Json(body): Json<PlaceIn>,
) -> Answer {
    let key = key.required()?;
    let idempotency = Idempotency::new(&scope(&visitor.caller), "POST /orders", &key, &body)?;
    let new = body.into_new(&visitor.caller)?;
    let placed = state.checkout.place(new, &visitor.caller, &key, &idempotency, &visitor.trace).await?;
    Ok(attempted(placed, |placed| (StatusCode::CREATED, Json(OrderOut::placed(placed.full, placed.order_token)))))
}

async fn show(
    AxumState(state): AxumState<State>,
    visitor: Visitor,
    Path(id): Path<OrderId>,
    known: IfNoneMatch,
    headers: HeaderMap,
) -> Answer {
    let full = state.checkout.desk.orders.show(id, &visitor.caller, order_token(&headers)).await?;
    Ok(tagged(full.order.version, &known, OrderOut::from(full)))
}

async fn pay(
    AxumState(state): AxumState<State>,
    visitor: Visitor,
    key: IdempotencyKey,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
    Json(body): Json<PayIn>,
) -> Answer {
    let action = format!("POST /orders/{id}/pay");
    let idempotency = Idempotency::new(&scope(&visitor.caller), &action, &key.required()?, &body)?;
    let desk = &state.checkout.desk;
    let token = order_token(&headers);
    let paid = desk.pay(id, body.payment_method, &visitor.caller, token, &idempotency, &visitor.trace).await?;
    Ok(attempted(paid, |paid| Json(OrderOut::from(paid))))
}

async fn history(
    AxumState(state): AxumState<State>,
    visitor: Visitor,
    Path(id): Path<OrderId>,
    Query(page): Query<PageQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let orders = &state.checkout.desk.orders;
    orders.show(id, &visitor.caller, order_token(&headers)).await?;
    let name = format!("history of {id}");
    let rows = orders.history(id, &state.cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows, &state.cursors, &name)).into_response())
}

async fn own(AxumState(state): AxumState<State>, visitor: Visitor, Query(page): Query<PageQuery>) -> Answer {
    let user = visitor.caller.require_user()?;
    bought_by(&state, user, &page).await
}

async fn of_user(
    AxumState(state): AxumState<State>,
    visitor: Visitor,
    Path(user): Path<UserId>,
    Query(page): Query<PageQuery>,
) -> Answer {
    if visitor.caller.require_user()? != user && !visitor.caller.is_admin() {
        return Err(Error::not_found("account").into());
    }
    bought_by(&state, user, &page).await
}

async fn bought_by(state: &State, user: UserId, page: &PageQuery) -> Answer {
    let name = format!("orders of {user}");
    let rows = state.checkout.desk.orders.of_user(user, &state.cursors.open(page, &name)?).await?;
    Ok(Json(list(rows.map(OrderOut::summary), &state.cursors, &name)).into_response())
}

fn order_token(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-order-token").and_then(|value| value.to_str().ok())
}

/// Whose idempotency keys these are: an account's own, or all guests'. A guest who mends a typo and sends again under the same
/// key is told so, and has not bought twice.
fn scope(caller: &Caller) -> String {
    caller.user().map_or_else(|| "guest".to_owned(), |user| user.to_string())
}
