//! The payments API: read the payments of an order, request refunds and captures, and receive the webhooks of the
//! provider. No request waits for the provider: it is stored, and the worker carries it out.

#[cfg(feature = "openapi")]
mod openapi;
mod shape;

use std::sync::Arc;

use aws_kit::{Aws, Idempotency, Secret, Settings, Table, matches_digest};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use http_kit::{
    ApiResult, Authorized, CallContext, Cursors, GuestTrace, IdempotencyKey, IfNoneMatch, Json, ORDER_TOKEN, PageQuery,
    Path, Query, RawBody, Verifier, idempotent_response, list, order_token, with_etag,
};
use payments::{Payment, Payments};
use serde::Deserialize;
use values::permit::MoveMoney;
use values::{Actor, Caller, Clock, Error, OrderId, Page, PaymentId, Permission, Result, Trace};

#[cfg(feature = "openapi")]
pub use openapi::openapi;
use shape::{PaymentOut, Receipt, RefundIn, RefundOut};

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    payments: Payments,
    webhook_secret: Arc<Secret>,
    verifier: Verifier,
    cursors: Cursors,
    /// Refunds of one payment that come to more minor units need a recent login.
    refund_step_up_amount: i64,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let payments = Payments::from_env(aws, Clock::System)?;
        Ok(Self {
            payments,
            webhook_secret: Arc::new(Secret::from_env(aws, "SOUK_SECRET_STRIPE_WEBHOOK")?),
            verifier: Verifier::from_env(aws)?,
            cursors: Cursors::from_env()?,
            refund_step_up_amount: Settings.parsed("SOUK_REFUND_STEP_UP_AMOUNT")?,
        })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.payments.table()
    }

    /// The payment; 404 when the caller may not read it.
    async fn read_visible(&self, id: PaymentId, context: &CallContext, headers: &HeaderMap) -> Result<Payment> {
        require_identity(context, headers)?;
        let payment = self.payments.read(id).await?.filter(|payment| can_read(payment, &context.caller, headers));
        payment.ok_or_else(|| Error::not_found("payment"))
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

/// The routes of the API.
pub fn routes(state: State) -> Router {
    Router::new()
        .route("/api/v1/payments", get(list_of_order))
        .route("/api/v1/payments/{id}", get(show))
        .route("/api/v1/payments/{id}/confirm", post(confirm))
        .route("/api/v1/payments/{id}/capture", post(capture))
        .route("/api/v1/payments/{id}/refunds", post(create_refund).get(list_refunds))
        .route("/api/v1/payments/webhooks/stripe", post(receive_stripe_webhook))
        .with_state(state)
}

#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderQuery {
    /// The id of the order.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::OrderId"))]
    order_id: OrderId,
}

async fn show(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(id): Path<PaymentId>,
    if_none_match: IfNoneMatch,
    headers: HeaderMap,
) -> ApiResult {
    let payment = state.read_visible(id, &context, &headers).await?;
    Ok(with_etag(payment.version, &if_none_match, PaymentOut::new(&payment, &context.caller)))
}

/// An order has one payment, so this list has one page.
async fn list_of_order(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Query(query): Query<OrderQuery>,
    headers: HeaderMap,
) -> ApiResult {
    require_identity(&context, &headers)?;
    let payments = state.payments.list_of_order(query.order_id).await?;
    let visible = payments.into_iter().filter(|payment| can_read(payment, &context.caller, &headers));
    let rows = visible.map(|payment| PaymentOut::new(&payment, &context.caller)).collect();
    Ok(Json(list(Page { rows, next: None }, &state.cursors, "payments")).into_response())
}

/// The customer is back from the provider's page: the worker checks the result.
async fn confirm(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(id): Path<PaymentId>,
    headers: HeaderMap,
) -> ApiResult {
    let payment = state.read_visible(id, &context, &headers).await?;
    state.payments.request_status_check(&payment, &context.trace).await?;
    Ok((StatusCode::ACCEPTED, Json(PaymentOut::new(&payment, &context.caller))).into_response())
}

async fn capture(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<MoveMoney>,
    Path(id): Path<PaymentId>,
) -> ApiResult {
    let payment = state.payments.read(id).await?.ok_or_else(|| Error::not_found("payment"))?;
    state.payments.request_capture(&payment, &context.trace).await?;
    Ok((StatusCode::ACCEPTED, Json(PaymentOut::new(&payment, &context.caller))).into_response())
}

async fn create_refund(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<MoveMoney>,
    key: IdempotencyKey,
    Path(id): Path<PaymentId>,
    Json(body): Json<RefundIn>,
) -> ApiResult {
    let admin = context.caller.require_account()?.to_string();
    let action = format!("POST /payments/{id}/refunds");
    let idempotency = Idempotency::new(&admin, &action, &key.required()?, &body)?;
    let (amount, reason) = body.into_parts()?;
    let by = (&context.caller, state.refund_step_up_amount);
    let refund = state.payments.request_refund(id, amount, by, reason.as_str(), &idempotency, &context.trace).await?;
    Ok(idempotent_response(refund, |refund| (StatusCode::CREATED, Json(RefundOut::from(refund)))))
}

async fn list_refunds(
    AxumState(state): AxumState<State>,
    context: CallContext,
    Path(id): Path<PaymentId>,
    Query(page): Query<PageQuery>,
    headers: HeaderMap,
) -> ApiResult {
    state.read_visible(id, &context, &headers).await?;
    let name = format!("refunds of {id}");
    let rows = state.payments.list_refunds(id, &state.cursors.open(&page, &name)?).await?;
    Ok(Json(list(rows.map(RefundOut::from), &state.cursors, &name)).into_response())
}

async fn receive_stripe_webhook(
    AxumState(state): AxumState<State>,
    GuestTrace(trace): GuestTrace,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> ApiResult {
    let signature = headers.get("stripe-signature").map(|value| value.to_str().unwrap_or_default());
    let trace = Trace { actor: Actor::system("stripe"), ..trace };
    state.payments.receive_webhook(&body, signature, &state.webhook_secret, &trace).await?;
    Ok(Json(Receipt { received: true }).into_response())
}

/// A caller without an account and without an order token has no payments: 401.
fn require_identity(context: &CallContext, headers: &HeaderMap) -> Result<()> {
    match headers.contains_key(ORDER_TOKEN) {
        true => Ok(()),
        false => context.caller.require_account().map(drop),
    }
}

/// The payer, an admin, and a holder of the order token may read a payment.
fn can_read(payment: &Payment, caller: &Caller, headers: &HeaderMap) -> bool {
    caller.may(Permission::ReadOrders)
        || payment.is_payer(caller)
        || matches_digest(order_token(headers), payment.token_digest.as_deref())
            && !payment.has_token_ended(Clock::System.now())
}
