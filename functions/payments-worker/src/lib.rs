//! The worker that carries an order and its payment: it authorises for a placed order and confirms it, captures, voids for a
//! cancelled order, and makes the refunds that were requested. It believes the rows of orders, payments and refunds. An event only
//! says which order to look at.

use aws_kit::{Aws, Queue, Settings, Table, consume, report_forged_event};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event};
use orders::{Order, OrderService, SettleRules, Status};
use payments::{CaptureAt, CardLimit, PaymentService, Payments, Stripe};
use values::{Clock, OrderId, PaymentId, Result, Trace};

/// What the handler works with.
pub struct State {
    orders: OrderService,
    payments: PaymentService,
    queue: Queue,
    rules: SettleRules,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let payments = PaymentService {
            payments: Payments::from_env(aws, clock.clone())?,
            provider: Stripe::from_env(aws)?,
            cards: CardLimit::from_env()?,
        };
        let queue = Queue::from_env(aws, "SOUK_QUEUE_PAYMENTS", clock.clone())?;
        let rules = SettleRules {
            capture_at: Settings.parsed("SOUK_CAPTURE_AT")?,
            declined_hold_seconds: Settings.parsed("SOUK_DECLINED_HOLD_SECONDS")?,
        };
        Ok(Self { orders: OrderService::from_env(aws, clock)?, payments, queue, rules })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.payments.payments.table()
    }
}

/// Handles a batch of the payments queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| handle_message(state, envelope).await).await
}

async fn handle_message(state: &State, envelope: Envelope) -> Result<()> {
    let trace = envelope.trace("payments-worker");
    let ids = match &envelope.event {
        Event::OrderCreated(order) => (order.order_id, order.payment_id),
        Event::OrderConfirmed(order) => (order.order_id, order.payment_id),
        Event::OrderShipped(order) => (order.order_id, order.payment_id),
        Event::OrderCancelled(order) => (order.order_id, order.payment_id),
        Event::PaymentRequested(request) | Event::PaymentCaptureRequested(request) => {
            (request.order_id, request.payment_id)
        }
        Event::PaymentRefundRequested(request) => {
            return state.payments.refund_payment(request.payment_id, request.refund_id, &trace).await;
        }
        _ => return Ok(()),
    };
    match read_order(state, ids, &envelope).await? {
        Some(order) => settle(state, order, &envelope, &trace).await,
        None => Ok(()),
    }
}

/// Settles the order of an event.
async fn settle(state: &State, order: Order, envelope: &Envelope, trace: &Trace) -> Result<()> {
    let rules = match envelope.event {
        // An admin need not wait for the shipment.
        Event::PaymentCaptureRequested(_) => SettleRules { capture_at: CaptureAt::Confirmation, ..state.rules },
        _ => state.rules,
    };
    state.orders.settle(&state.payments, order, rules, trace).await.map(drop)
}

/// Reads the order of an event. None, and a report, if the rows contradict the event: there is no such order, it has another payment,
/// or it is pending although the event says that it was confirmed or shipped.
async fn read_order(
    state: &State,
    (order, payment): (OrderId, PaymentId),
    envelope: &Envelope,
) -> Result<Option<Order>> {
    let found = state.orders.orders.read(order).await?;
    let says_confirmed = matches!(envelope.event, Event::OrderConfirmed(_) | Event::OrderShipped(_));
    let contradiction = match &found {
        None => Some("the order does not exist"),
        Some(order) if order.payment_id != payment => Some("the payment belongs to another order"),
        Some(order) if says_confirmed && order.status == Status::Pending => Some("the order is pending"),
        Some(_) => None,
    };
    match contradiction {
        Some(reason) => {
            report_forged_event(envelope, reason);
            Ok(None)
        }
        None => Ok(found),
    }
}
