//! What moves orders behind the API: payment events, and holds that may have ended; and what takes the words of closed accounts out
//! of them.

use std::time::{Duration, Instant};

use aws_kit::{Aws, Queue, Table, consume, fault};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event, UserDeleted};
use orders::{Desk, Expiry};
use values::{Clock, Result};

/// A slice of an erasure; a worker has 8 seconds for a message.
const SLICE: Duration = Duration::from_secs(5);

/// What the handler holds.
pub struct State {
    desk: Desk,
    queue: Queue,
}

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_ORDERS", Clock::System)?;
        Ok(Self { desk: Desk::from_env(aws, Clock::System)?, queue })
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
    let trace = envelope.trace("orders-worker");
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
        Event::PaymentRefunded(refund) => orders.follow(refund.order_id, &envelope, &trace).await,
        Event::UserDeleted(deleted) => forget(state, deleted, &envelope).await,
        _ => Ok(()),
    }
}

/// Goes through an account's orders for some seconds, and sees to it that it goes on, and that somebody looks once more. Orders stay,
/// so the message says where it was.
async fn forget(state: &State, deleted: &UserDeleted, envelope: &Envelope) -> Result<()> {
    let (until, now) = (Instant::now() + SLICE, Clock::System.now());
    let mut before = deleted.orders_before;
    let again = |orders_before, is_second_pass| {
        let event = Event::UserDeleted(UserDeleted { orders_before, is_second_pass, ..deleted.clone() });
        Envelope { event, ..envelope.clone() }
    };
    loop {
        before = state.desk.forget(deleted.user_id, before).await?;
        fault::point("erasure.orders_looked_at");
        match before {
            Some(_) if Instant::now() < until => {}
            Some(_) => return state.queue.send_later(&again(before, deleted.is_second_pass), now).await,
            None if deleted.is_second_pass => return Ok(()),
            // However long the walk took: the newest orders come first, and may have been written to since.
            None => {
                return state
                    .queue
                    .send_later(&again(None, true), envelope.second_erasure_at(now).unwrap_or(now))
                    .await;
            }
        }
    }
}
