//! Lists: all orders for an admin, the orders of one customer, and the history of one order.

use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use http::HeaderMap;
use http_kit::{AccountHolder, ApiResult, CallContext, Json, PageQuery, Path, Query, list, order_token};
use values::{Error, OrderId, Permission, UserId};

use crate::bodies::ListIn;
use crate::shape::{HistoryOut, OrderOut};
use crate::state::State;

/// `GET /orders`: all orders for an admin, their own orders for all others.
pub(crate) async fn list_all(
    AxumState(state): AxumState<State>,
    AccountHolder(context): AccountHolder,
    Query(query): Query<ListIn>,
) -> ApiResult {
    let (filter, page) = query.parts();
    if !context.caller.may(Permission::ReadOrders) {
        let user = context.caller.require_user()?;
        return match filter.first_filter() {
            None => list_bought_by(&state, user, &page).await,
            Some(field) => Err(Error::invalid(field, "admins_only", "only an admin can filter orders").into()),
        };
    }
    // The name has the filters, because a cursor continues the same search.
    let name = format!("orders by {filter:?} of {}", filter.email.as_ref().map_or("anybody", |email| email.as_str()));
    let checkout = &state.checkout;
    let page = state.cursors.open(&page, &name)?;
    let rows = checkout.service.orders.find(&checkout.accounts, filter, state.time_zone, &page).await?;
    context.report_customers_read(None, rows.rows.len());
    Ok(Json(list(rows.map(OrderOut::summary), &state.cursors, &name)).into_response())
}

/// `GET /orders/user/{userId}`.
pub(crate) async fn list_of_user(
    AxumState(state): AxumState<State>,
    AccountHolder(context): AccountHolder,
    Path(user): Path<UserId>,
    Query(page): Query<PageQuery>,
) -> ApiResult {
    if !context.caller.may(Permission::ReadOrders) && context.caller.require_user()? != user {
        return Err(Error::not_found("account").into());
    }
    context.report_customers_read(Some(&user), 1);
    list_bought_by(&state, user, &page).await
}

/// `GET /orders/{id}/history`.
pub(crate) async fn list_history(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(id): Path<OrderId>,
    Query(page): Query<PageQuery>,
    headers: HeaderMap,
) -> ApiResult {
    let orders = &state.checkout.service.orders;
    let order = orders.read_visible(id, &context.caller, order_token(&headers)).await?.order;
    let name = format!("history of {id}");
    let rows = orders.history(&order, &state.cursors.open(&page, &name)?).await?;
    let is_admin = context.caller.may(Permission::ReadOrders);
    Ok(Json(list(rows.map(|entry| HistoryOut::of(entry, is_admin)), &state.cursors, &name)).into_response())
}

async fn list_bought_by(state: &State, user: UserId, page: &PageQuery) -> ApiResult {
    let name = format!("orders of {user}");
    let rows = state.checkout.service.orders.list_of_user(user, &state.cursors.open(page, &name)?).await?;
    Ok(Json(list(rows.map(OrderOut::summary), &state.cursors, &name)).into_response())
}
