//! What moves money behind the API: authorise for a placed order, capture for a confirmed (or shipped) one, void for a
//! cancelled one, refund what was promised back.

use std::str::FromStr;

use aws_kit::{Aws, Queue, Settings, Table, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event};
use orders::{Orders, Status as OrderStatus};
use payments::{Payments, Status, Stripe, Till};
use values::{Clock, Error, OrderId, PaymentId, Result, Trace};

/// What the handler holds.
pub struct State {
    orders: Orders,
    till: Till,
    queue: Queue,
    capture_at: CaptureAt,
}

/// When the money of a confirmed order is taken: the template's parameter of this name.
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
            _ => Err(Error::internal("CaptureAt is confirmation or shipment")),
        }
    }
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let till = Till { payments: Payments::from_env(aws, clock.clone())?, provider: Stripe::from_env(aws)? };
        let queue = Queue::from_env(aws, "SOUK_QUEUE_PAYMENTS", clock.clone())?;
        let capture_at = Settings.parsed("SOUK_CAPTURE_AT")?;
        Ok(Self { orders: Orders::from_env(aws, clock)?, till, queue, capture_at })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.till.payments.table()
    }
}

/// Handles a batch of the payments queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| one(state, envelope).await).await
}

async fn one(state: &State, envelope: Envelope) -> Result<()> {
    let trace = envelope.trace("payments-worker");
    match &envelope.event {
        Event::OrderCreated(order) => {
            state.orders.prolong(order.order_id, &trace).await?;
            advance(state, order.order_id, order.payment_id, &trace).await
        }
        Event::PaymentRequested(asked) => {
            // To look at a page that a customer has left open charges nothing, and holds nothing: or asking again and again
            // would hold stock for ever.
            let payment = state.till.payments.read(asked.payment_id).await?;
            if payment.is_some_and(|payment| payment.status == Status::Open) {
                state.orders.prolong(asked.order_id, &trace).await?;
            }
            advance(state, asked.order_id, asked.payment_id, &trace).await
        }
        Event::OrderConfirmed(order) if state.capture_at == CaptureAt::Confirmation => {
            state.till.capture(order.payment_id, &trace).await
        }
        Event::OrderShipped(order) => state.till.capture(order.payment_id, &trace).await,
        Event::PaymentCaptureRequested(asked) => {
            let order = state.orders.read(asked.order_id).await?;
            match order.map(|order| order.status) {
                Some(OrderStatus::Pending) => Err(Error::unavailable(
                    "order",
                    "it will be confirmed in a moment; then its payment can be captured",
                )),
                Some(OrderStatus::Cancelled) | None => Ok(()),
                Some(_) => state.till.capture(asked.payment_id, &trace).await,
            }
        }
        Event::OrderCancelled(order) => state.till.settle(order.payment_id, &trace).await.map(|_| ()),
        Event::PaymentRefundRequested(asked) => state.till.give_back(asked.payment_id, asked.refund_id, &trace).await,
        _ => Ok(()),
    }
}

/// Brings a payment as far as its order allows. The hold was prolonged before: what is charged now must not be given back while
/// the provider thinks. An order that is pending no longer has ended its payment, and settling lets go what was reserved.
async fn advance(state: &State, order: OrderId, payment: PaymentId, trace: &Trace) -> Result<()> {
    if state.till.settle(payment, trace).await? == Status::Authorized {
        // Reconciliation and webhooks ask again for payments whose capture was lost.
        let due = match (state.orders.read(order).await?.map(|order| order.status), state.capture_at) {
            (Some(status), CaptureAt::Confirmation) => is_promised(status),
            (Some(status), CaptureAt::Shipment) => matches!(status, OrderStatus::Shipped | OrderStatus::Delivered),
            (None, _) => false,
        };
        if due {
            return state.till.capture(payment, trace).await;
        }
    }
    Ok(())
}

/// Will it be delivered?
fn is_promised(status: OrderStatus) -> bool {
    !matches!(status, OrderStatus::Pending | OrderStatus::Cancelled)
}
