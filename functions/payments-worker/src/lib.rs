//! The worker that moves money: it authorises for a placed order, captures for a confirmed or shipped order, voids for
//! a cancelled order, and makes the refunds that were requested.

use std::str::FromStr;

use aws_kit::{Aws, Queue, Settings, Table, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event};
use orders::{Orders, Status as OrderStatus};
use payments::{PaymentService, Payments, Status, Stripe};
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
        let service =
            PaymentService { payments: Payments::from_env(aws, clock.clone())?, provider: Stripe::from_env(aws)? };
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
            advance(state, order.order_id, order.payment_id, &trace).await
        }
        Event::PaymentRequested(request) => {
            // A check of a page that the customer left open charges nothing, so it extends no hold. Otherwise repeated
            // checks would hold the stock for ever.
            let payment = state.service.payments.read(request.payment_id).await?;
            if payment.is_some_and(|payment| payment.status == Status::Open) {
                state.orders.extend_hold(request.order_id, &trace).await?;
            }
            advance(state, request.order_id, request.payment_id, &trace).await
        }
        Event::OrderConfirmed(order) if state.capture_at == CaptureAt::Confirmation => {
            state.service.capture(order.payment_id, &trace).await
        }
        Event::OrderShipped(order) => state.service.capture(order.payment_id, &trace).await,
        Event::PaymentCaptureRequested(request) => {
            let order = state.orders.read(request.order_id).await?;
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
async fn advance(state: &State, order: OrderId, payment: PaymentId, trace: &Trace) -> Result<()> {
    if state.service.reconcile(payment, trace).await? == Status::Authorized {
        // A lost capture is found here: reconciliation and webhooks send the event again.
        let is_due = match (state.orders.read(order).await?.map(|order| order.status), state.capture_at) {
            (Some(status), CaptureAt::Confirmation) => is_confirmed(status),
            (Some(status), CaptureAt::Shipment) => matches!(status, OrderStatus::Shipped | OrderStatus::Delivered),
            (None, _) => false,
        };
        if is_due {
            return state.service.capture(payment, trace).await;
        }
    }
    Ok(())
}

/// Is the order confirmed, and not cancelled?
fn is_confirmed(status: OrderStatus) -> bool {
    !matches!(status, OrderStatus::Pending | OrderStatus::Cancelled)
}
