//! Payments over HTTP: what became of the money of one's own orders.

mod shape;

use aws_kit::{Aws, Table};
use axum::Router;
use axum::extract::{FromRef, State as AxumState};
use axum::response::IntoResponse;
use axum::routing::get;
use events::Recipient;
use http_kit::{Answer, Cursors, IfNoneMatch, Json, Path, Query, Verifier, Visitor, list, tagged};
use payments::{Payment, Payments};
use serde::Deserialize;
use values::{Caller, Clock, Error, OrderId, Page, PaymentId, Result};

use shape::PaymentOut;

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    payments: Payments,
    verifier: Verifier,
    cursors: Cursors,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let payments = Payments::from_env(aws, Clock::System)?;
        Ok(Self { payments, verifier: Verifier::from_env(aws)?, cursors: Cursors::from_env()? })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.payments.table()
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

/// The routes of the group.
pub fn routes(state: State) -> Router {
    Router::new().route("/api/v1/payments", get(of_order)).route("/api/v1/payments/{id}", get(show)).with_state(state)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfOrder {
    order_id: OrderId,
}

async fn show(
    AxumState(state): AxumState<State>,
    visitor: Visitor,
    Path(id): Path<PaymentId>,
    known: IfNoneMatch,
) -> Answer {
    visitor.caller.require_user()?;
    let payment = state.payments.read(id).await?.filter(|payment| may_see(payment, &visitor.caller));
    let payment = payment.ok_or_else(|| Error::not_found("payment"))?;
    Ok(tagged(payment.version, &known, PaymentOut::from(payment)))
}

/// An order has one payment, so this list has one page.
async fn of_order(AxumState(state): AxumState<State>, visitor: Visitor, Query(asked): Query<OfOrder>) -> Answer {
    visitor.caller.require_user()?;
    let payments = state.payments.of_order(asked.order_id).await?;
    let rows = payments.into_iter().filter(|payment| may_see(payment, &visitor.caller)).map(PaymentOut::from).collect();
    Ok(Json(list(Page { rows, next: None }, &state.cursors, "payments")).into_response())
}

fn may_see(payment: &Payment, caller: &Caller) -> bool {
    let pays = matches!((payment.payer, caller.user()), (Recipient::User(payer), Some(user)) if payer == user);
    caller.is_admin() || pays
}
