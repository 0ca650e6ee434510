//! Lists: all orders for an admin, a customer's own, and the history of one.

use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use http::HeaderMap;
use http_kit::{AccountHolder, ApiResult, CallContext, Json, PageQuery, Path, Query, list, order_token};
use values::{Error, OrderId, Permission, UserId};

use crate::State;
use crate::bodies::ListIn;
use crate::shape::{HistoryOut, OrderOut};

/// `GET /orders`: an admin finds all, everybody else their own.
pub(crate) async fn all(
    AxumState(state): AxumState<State>,
    AccountHolder(visitor): AccountHolder,
    Query(query): Query<ListIn>,
) -> ApiResult {
    let (filter, page) = query.parts();
    if !visitor.caller.may(Permission::ReadOrders) {
        let user = visitor.caller.require_user()?;
        return match filter.any() {
            None => bought_by(&state, user, &page).await,
            Some(field) => {
                Err(Error::invalid(field, "admins_only", "only an admin looks for some of the orders").into())
            }
        };
    }
    // The filters as they were sent: a cursor goes on in the same search.
    let name = format!("orders by {filter:?} of {}", filter.email.as_ref().map_or("anybody", |email| email.as_str()));
    let checkout = &state.checkout;
    let rows = checkout.desk.orders.find(&checkout.accounts, filter, &state.cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows.map(OrderOut::summary), &state.cursors, &name)).into_response())
}

/// `GET /orders/user/{userId}`.
pub(crate) async fn of_user(
    AxumState(state): AxumState<State>,
    AccountHolder(visitor): AccountHolder,
    Path(user): Path<UserId>,
    Query(page): Query<PageQuery>,
) -> ApiResult {
    if !visitor.caller.may(Permission::ReadOrders) && visitor.caller.require_user()? != user {
        return Err(Error::not_found("account").into());
    }
    bought_by(&state, user, &page).await
}

/// `GET /orders/{id}/history`.
pub(crate) async fn history(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(id): Path<OrderId>,
    Query(page): Query<PageQuery>,
    headers: HeaderMap,
) -> ApiResult {
    let orders = &state.checkout.desk.orders;
    orders.show(id, &visitor.caller, order_token(&headers)).await?;
    let name = format!("history of {id}");
    let rows = orders.history(id, &state.cursors.open(&page, &name)?).await?;
    let is_admin = visitor.caller.may(Permission::ReadOrders);
    Ok(Json(list(rows.map(|entry| HistoryOut::of(entry, is_admin)), &state.cursors, &name)).into_response())
}

async fn bought_by(state: &State, user: UserId, page: &PageQuery) -> ApiResult {
    let name = format!("orders of {user}");
    let rows = state.checkout.desk.orders.of_user(user, &state.cursors.open(page, &name)?).await?;
    Ok(Json(list(rows.map(OrderOut::summary), &state.cursors, &name)).into_response())
}
