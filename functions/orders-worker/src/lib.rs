//! What moves orders behind the API: payment events, and holds that may have ended.

use aws_kit::{Aws, OwnQueue, Table, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use catalog::Catalog;
use events::{Envelope, Event};
use orders::{Desk, Expiry, Orders};
use payments::Payments;
use values::{Actor, Clock, Result, Trace};

/// What the handler holds.
pub struct State {
    desk: Desk,
    queue: OwnQueue,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let clock = Clock::System;
        let desk = Desk {
            orders: Orders::from_env(aws, clock.clone())?,
            catalog: Catalog::from_env(aws)?,
            payments: Payments::from_env(aws, clock.clone())?,
        };
        Ok(Self { desk, queue: OwnQueue::from_env(aws, "SOUK_QUEUE_ORDERS", clock)? })
    }

    /// The table whose connection is opened at start.
    pub fn table(&self) -> &Table {
        self.desk.orders.table()
    }
}

/// Handles a batch of the orders queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| one(state, envelope).await).await
}

async fn one(state: &State, envelope: Envelope) -> Result<()> {
    let trace = Trace {
        correlation_id: envelope.correlation_id.clone(),
        causation_id: Some(envelope.event_id),
        actor: Actor::system("orders-worker"),
    };
    let orders = &state.desk.orders;
    match &envelope.event {
        // The message was delayed until the hold ends. The hold may have been prolonged since, and a queue delays fifteen
        // minutes at most: then the hint sends itself on.
        Event::OrderCreated(order) => match state.desk.expire(order.order_id, &trace).await? {
            Expiry::NotBefore(at) => state.queue.send_later(&envelope, at).await,
            Expiry::Over => Ok(()),
        },
        Event::PaymentAuthorized(done) | Event::PaymentCompleted(done) | Event::PaymentCancelled(done) => {
            orders.follow(done.order_id, &envelope, &trace).await
        }
        Event::PaymentFailed(failed) => orders.follow(failed.order_id, &envelope, &trace).await,
        _ => Ok(()),
    }
}
