//! Payments over HTTP: what became of the money of one's own orders, refunds and captures by the shop, and the provider's
//! webhooks. Nothing here waits for the provider: what is asked is written down, and the worker does it.

mod shape;

use std::sync::Arc;

use aws_kit::{Aws, Idempotency, Secret, Table, matches_digest};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use events::Recipient;
use http::{HeaderMap, StatusCode};
use http_kit::{
    ApiResult, Authorized, CallContext, Cursors, IdempotencyKey, IfNoneMatch, Json, ORDER_TOKEN, PageQuery, Path,
    Query, RawBody, Verifier, idempotent_response, list, order_token, with_etag,
};
use payments::{Payment, Payments};
use serde::Deserialize;
use serde_json::json;
use values::permit::MoveMoney;
use values::{Actor, Caller, Clock, Error, OrderId, Page, PaymentId, Permission, Result, Trace};

use shape::{PaymentOut, RefundIn, RefundOut};

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    payments: Payments,
    stripe: Arc<Secret>,
    verifier: Verifier,
    cursors: Cursors,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let payments = Payments::from_env(aws, Clock::System)?;
        let stripe = Arc::new(Secret::from_env(aws, "SOUK_SECRET_STRIPE")?);
        Ok(Self { payments, stripe, verifier: Verifier::from_env(aws)?, cursors: Cursors::from_env()? })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.payments.table()
    }

    /// The payment, for whoever may see it.
    async fn shown(&self, id: PaymentId, visitor: &CallContext, headers: &HeaderMap) -> Result<Payment> {
        check_somebody(visitor, headers)?;
        let payment = self.payments.read(id).await?.filter(|payment| may_see(payment, &visitor.caller, headers));
        payment.ok_or_else(|| Error::not_found("payment"))
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
        .route("/api/v1/payments", get(of_order))
        .route("/api/v1/payments/{id}", get(show))
        .route("/api/v1/payments/{id}/confirm", post(confirm))
        .route("/api/v1/payments/{id}/capture", post(capture))
        .route("/api/v1/payments/{id}/refunds", post(refund).get(refunds))
        .route("/api/v1/payments/webhooks/stripe", post(stripe))
        .with_state(state)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfOrder {
    order_id: OrderId,
}

async fn show(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(id): Path<PaymentId>,
    known: IfNoneMatch,
    headers: HeaderMap,
) -> ApiResult {
    let payment = state.shown(id, &visitor, &headers).await?;
    Ok(with_etag(payment.version, &known, PaymentOut::from(payment)))
}

/// An order has one payment, so this list has one page.
async fn of_order(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Query(asked): Query<OfOrder>,
    headers: HeaderMap,
) -> ApiResult {
    check_somebody(&visitor, &headers)?;
    let payments = state.payments.of_order(asked.order_id).await?;
    let visible = payments.into_iter().filter(|payment| may_see(payment, &visitor.caller, &headers));
    let rows = visible.map(PaymentOut::from).collect();
    Ok(Json(list(Page { rows, next: None }, &state.cursors, "payments")).into_response())
}

/// The customer is back from the provider's page: the worker looks what came of it.
async fn confirm(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(id): Path<PaymentId>,
    headers: HeaderMap,
) -> ApiResult {
    let payment = state.shown(id, &visitor, &headers).await?;
    state.payments.look(&payment, &visitor.trace).await?;
    Ok((StatusCode::ACCEPTED, Json(PaymentOut::from(payment))).into_response())
}

async fn capture(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<MoveMoney>,
    Path(id): Path<PaymentId>,
) -> ApiResult {
    let payment = state.payments.read(id).await?.ok_or_else(|| Error::not_found("payment"))?;
    state.payments.ask_capture(&payment, &visitor.trace).await?;
    Ok((StatusCode::ACCEPTED, Json(PaymentOut::from(payment))).into_response())
}

async fn refund(
    AxumState(state): AxumState<State>,
    Authorized(visitor, _): Authorized<MoveMoney>,
    key: IdempotencyKey,
    Path(id): Path<PaymentId>,
    Json(body): Json<RefundIn>,
) -> ApiResult {
    let admin = visitor.caller.require_account()?.to_string();
    let action = format!("POST /payments/{id}/refunds");
    let idempotency = Idempotency::new(&admin, &action, &key.required()?, &body)?;
    let (part, reason) = body.into_parts()?;
    let asked = state.payments.ask_refund(id, part, reason.as_str(), &idempotency, &visitor.trace).await?;
    Ok(idempotent_response(asked, |refund| (StatusCode::CREATED, Json(RefundOut::from(refund)))))
}

async fn refunds(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    Path(id): Path<PaymentId>,
    Query(page): Query<PageQuery>,
    headers: HeaderMap,
) -> ApiResult {
    state.shown(id, &visitor, &headers).await?;
    let name = format!("refunds of {id}");
    let rows = state.payments.refunds(id, &state.cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows.map(RefundOut::from), &state.cursors, &name)).into_response())
}

async fn stripe(
    AxumState(state): AxumState<State>,
    visitor: CallContext,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> ApiResult {
    let signature = headers.get("stripe-signature").map(|value| value.to_str().unwrap_or_default());
    let trace = Trace { actor: Actor::system("stripe"), ..visitor.trace };
    state.payments.hear(&body, signature, &state.stripe, &trace).await?;
    Ok(Json(json!({ "received": true })).into_response())
}

/// Nobody in particular has no payments.
fn check_somebody(visitor: &CallContext, headers: &HeaderMap) -> Result<()> {
    match headers.contains_key(ORDER_TOKEN) {
        true => Ok(()),
        false => visitor.caller.require_account().map(drop),
    }
}

/// Its payer, an admin, or whoever holds the order's token.
fn may_see(payment: &Payment, caller: &Caller, headers: &HeaderMap) -> bool {
    let pays = matches!((payment.payer, caller.user()), (Recipient::User(payer), Some(user)) if payer == user);
    caller.may(Permission::ReadOrders) || pays || matches_digest(order_token(headers), payment.token_digest.as_deref())
}
