//! Tasks that wake the worker for payments, orders and refunds that wait: their record or message may be lost.

use std::collections::BTreeSet;

use events::{Envelope, Event, PaymentRequested, RefundRequested};
use orders::{OrderHead, OrderService};
use payments::Refund;
use values::{OrderId, PaymentId, Result, Timestamp, Trace};

use crate::report::Report;
use crate::state::State;

/// Orders count as recent for so many seconds: two runs of the task find each of them. The other task looks for older ones, less often,
/// because an order may wait for its customer or for the provider.
const RECENT_SECONDS: i64 = 120;

/// Wakes the worker for recent orders that nobody has charged.
pub(crate) async fn recent_orders(state: &State, trace: &Trace) -> Result<Report> {
    let until = waiting_since(state);
    let from = until.plus_seconds(-RECENT_SECONDS);
    let mut report = Report::default();
    let unpaid = state.service.orders.list_unpaid(Some(from), until, state.hold_seconds).await?;
    let hints: Vec<Envelope> =
        report.without_failures(unpaid).iter().map(|order| payment_hint(state, trace, ids_of(order))).collect();
    state.publish(&hints, &mut report).await?;
    Ok(report)
}

/// Wakes the worker for all orders, payments and refunds that wait.
pub(crate) async fn all(state: &State, trace: &Trace) -> Result<Report> {
    let since = waiting_since(state);
    let OrderService { orders, payments, .. } = &state.service;
    let mut report = Report::default();
    // The payment of a pending order is found by the order's hold, all others by indexes of their own.
    let unpaid = report.without_failures(orders.list_unpaid(None, since, state.hold_seconds).await?);
    let unsettled = report.without_failures(payments.list_unsettled(since).await?);
    let refunds = report.without_failures(payments.list_unsettled_refunds(since).await?);
    let of_payments = unsettled.iter().map(|payment| (payment.id, payment.order_id));
    // A set, because an open payment of an earlier release is in both.
    let waiting: BTreeSet<(PaymentId, OrderId)> = unpaid.iter().map(ids_of).chain(of_payments).collect();
    let of_payments = waiting.into_iter().map(|ids| payment_hint(state, trace, ids));
    let of_refunds = refunds.iter().map(|refund| refund_hint(state, trace, refund));
    let hints: Vec<Envelope> = of_payments.chain(of_refunds).collect();
    state.publish(&hints, &mut report).await?;
    Ok(report)
}

fn waiting_since(state: &State) -> Timestamp {
    state.clock.now().plus_seconds(-state.unsettled_seconds)
}

fn ids_of(order: &OrderHead) -> (PaymentId, OrderId) {
    (order.payment_id, order.id)
}

/// These events report no change, so they have no sequence, and a later run sends them again (`Envelope::is_repeated`).
fn payment_hint(state: &State, trace: &Trace, (payment_id, order_id): (PaymentId, OrderId)) -> Envelope {
    let data = PaymentRequested { payment_id, order_id };
    Envelope::new(&state.clock, trace, payment_id, 0, Event::PaymentRequested(data))
}

fn refund_hint(state: &State, trace: &Trace, refund: &Refund) -> Envelope {
    let Refund { id: refund_id, payment_id, order_id, .. } = *refund;
    let data = RefundRequested { refund_id, payment_id, order_id };
    Envelope::new(&state.clock, trace, refund_id, 0, Event::PaymentRefundRequested(data))
}
