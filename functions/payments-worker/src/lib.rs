//! What moves money behind the API: authorise for a placed order, capture for a confirmed one, void for a cancelled one.

use aws_kit::{Aws, OwnQueue, Table, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event};
use orders::{Orders, Status as OrderStatus};
use payments::{Payments, Status, Stripe, Till};
use values::{Clock, OrderId, PaymentId, Result, Trace};

/// What the handler holds.
pub struct State {
    orders: Orders,
    till: Till,
    queue: OwnQueue,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let till = Till { payments: Payments::from_env(aws, clock.clone())?, provider: Stripe::from_env(aws)? };
        let queue = OwnQueue::from_env(aws, "SOUK_QUEUE_PAYMENTS", clock.clone())?;
        Ok(Self { orders: Orders::from_env(aws, clock)?, till, queue })
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
        Event::OrderCreated(order) => advance(state, order.order_id, order.payment_id, &trace).await,
        Event::PaymentRequested(asked) => advance(state, asked.order_id, asked.payment_id, &trace).await,
        Event::OrderConfirmed(order) => state.till.capture(order.payment_id, &trace).await,
        Event::OrderCancelled(order) => state.till.settle(order.payment_id, &trace).await.map(|_| ()),
        _ => Ok(()),
    }
}

/// Brings a payment as far as its order allows.
async fn advance(state: &State, order: OrderId, payment: PaymentId, trace: &Trace) -> Result<()> {
    // First the hold: what is charged now must not be given back while the provider thinks. An order that is pending no
    // longer has ended its payment, and settling lets go what was reserved.
    state.orders.prolong(order, trace).await?;
    let settled = state.till.settle(payment, trace).await?;
    if settled.0 == Status::Authorized {
        // Reconciliation asks again for payments whose capture was lost.
        let order = state.orders.read(order).await?;
        if order.is_some_and(|order| !matches!(order.status, OrderStatus::Pending | OrderStatus::Cancelled)) {
            return state.till.capture(payment, trace).await;
        }
    }
    Ok(())
}
