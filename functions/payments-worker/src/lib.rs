//! The worker that moves money: it authorises for a placed order, captures for a confirmed or shipped order, voids for
//! a cancelled order, and makes the refunds that were requested. It believes the rows of payments, refunds and orders. An
//! event only says which of them to look at.

use std::str::FromStr;

use aws_kit::{Aws, Queue, Settings, Table, consume, report_forged_event};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event};
use orders::{Order, Orders, Status as OrderStatus};
use payments::{CardLimit, PaymentService, Payments, Status, Stripe};
use values::{Clock, Error, OrderId, PaymentId, Result, Trace};

/// What the handler works with.
pub struct State {
    orders: Orders,
    service: PaymentService,
    queue: Queue,
    capture_at: CaptureAt,
}

/// When the payment of a confirmed order is captured: the parameter `CaptureAt` of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureAt {
    /// As soon as the order is confirmed.
    Confirmation,
    /// When it is shipped.
    Shipment,
}

impl FromStr for CaptureAt {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "confirmation" => Ok(Self::Confirmation),
            "shipment" => Ok(Self::Shipment),
            _ => Err(Error::internal("CaptureAt must be confirmation or shipment")),
        }
    }
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let service = PaymentService {
            payments: Payments::from_env(aws, clock.clone())?,
            provider: Stripe::from_env(aws)?,
            cards: CardLimit::from_env()?,
        };
        let queue = Queue::from_env(aws, "SOUK_QUEUE_PAYMENTS", clock.clone())?;
        let capture_at = Settings.parsed("SOUK_CAPTURE_AT")?;
        Ok(Self { orders: Orders::from_env(aws, clock)?, service, queue, capture_at })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.service.payments.table()
    }
}

/// Handles a batch of the payments queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| handle_message(state, envelope).await).await
}

async fn handle_message(state: &State, envelope: Envelope) -> Result<()> {
    let trace = envelope.trace("payments-worker");
    match &envelope.event {
        Event::OrderCreated(order) => {
            state.orders.extend_hold(order.order_id, &trace).await?;
            advance(state, (order.order_id, order.payment_id), &envelope, &trace).await
        }
        Event::PaymentRequested(request) => {
            // A check of a page that the customer left open charges nothing, so it extends no hold. Otherwise repeated
            // checks would hold the stock for ever.
            let payment = state.service.payments.read(request.payment_id).await?;
            if payment.is_some_and(|payment| payment.status == Status::Open) {
                state.orders.extend_hold(request.order_id, &trace).await?;
            }
            advance(state, (request.order_id, request.payment_id), &envelope, &trace).await
        }
        Event::OrderConfirmed(order) if state.capture_at == CaptureAt::Confirmation => {
            capture_if_due(state, (order.order_id, order.payment_id), &envelope, &trace).await
        }
        Event::OrderShipped(order) => {
            capture_if_due(state, (order.order_id, order.payment_id), &envelope, &trace).await
        }
        Event::PaymentCaptureRequested(request) => {
            let order = read_order(state, (request.order_id, request.payment_id), &envelope).await?;
            match order.map(|order| order.status) {
                Some(OrderStatus::Pending) => {
                    Err(Error::unavailable("order", "it is pending; its payment can be captured once it is confirmed"))
                }
                Some(OrderStatus::Cancelled) | None => Ok(()),
                Some(_) => state.service.capture(request.payment_id, &trace).await,
            }
        }
        Event::OrderCancelled(order) => state.service.reconcile(order.payment_id, &trace).await.map(|_| ()),
        Event::PaymentRefundRequested(request) => {
            state.service.refund_payment(request.payment_id, request.refund_id, &trace).await
        }
        _ => Ok(()),
    }
}

/// Reconciles a payment, and captures it if its order allows. The hold was extended before, so it cannot end while the
/// provider is called. An order that is no longer pending has ended its payment, and reconciling voids the
/// authorisation.
async fn advance(state: &State, ids: (OrderId, PaymentId), envelope: &Envelope, trace: &Trace) -> Result<()> {
    if state.service.reconcile(ids.1, trace).await? == Status::Authorized {
        // A lost capture is found here: reconciliation and webhooks send the event again.
        let order = read_order(state, ids, envelope).await?;
        if order.is_some_and(|order| is_due(state.capture_at, order.status)) {
            return state.service.capture(ids.1, trace).await;
        }
    }
    Ok(())
}

/// Captures a payment after an event that says that its order was confirmed or shipped, if the order's row agrees.
async fn capture_if_due(state: &State, ids: (OrderId, PaymentId), envelope: &Envelope, trace: &Trace) -> Result<()> {
    match read_order(state, ids, envelope).await?.map(|order| order.status) {
        Some(OrderStatus::Pending) => {
            report_forged_event(envelope, "the order is pending");
            Ok(())
        }
        Some(status) if is_due(state.capture_at, status) => state.service.capture(ids.1, trace).await,
        _ => Ok(()),
    }
}

/// Reads the order of an event. None, and a report, if there is no such order or if it has another payment: otherwise an
/// event could have the payment of one order captured for the status of another.
async fn read_order(
    state: &State,
    (order, payment): (OrderId, PaymentId),
    envelope: &Envelope,
) -> Result<Option<Order>> {
    let found = state.orders.read(order).await?.filter(|order| order.payment_id == payment);
    if found.is_none() {
        report_forged_event(envelope, "the payment belongs to another order");
    }
    Ok(found)
}

/// May the payment of an order with this status be captured?
fn is_due(capture_at: CaptureAt, status: OrderStatus) -> bool {
    match capture_at {
        CaptureAt::Confirmation => is_confirmed(status),
        CaptureAt::Shipment => matches!(status, OrderStatus::Shipped | OrderStatus::Delivered),
    }
}

/// Is the order confirmed, and not cancelled?
fn is_confirmed(status: OrderStatus) -> bool {
    !matches!(status, OrderStatus::Pending | OrderStatus::Cancelled)
}
