//! The worker of orders: it erases what closed accounts wrote. It also handles messages of the release before, where payment events
//! moved orders and this worker ended holds. It believes rows, and no event: the payment's for its status, the order's for its hold,
//! the account's for its end.

use std::time::{Duration, Instant};

use aws_kit::{Aws, Queue, Settings, Table, consume, fault};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event, UserDeleted};
use identity::AccountService;
use orders::{Expiry, OrderService};
use values::{Clock, Result};

/// How long an erasure runs for one message; the worker has 8 seconds.
const SLICE: Duration = Duration::from_secs(5);

/// What the handler works with.
pub struct State {
    service: OrderService,
    accounts: AccountService,
    queue: Queue,
    declined_hold_seconds: i64,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_ORDERS", Clock::System)?;
        Ok(Self {
            service: OrderService::from_env(aws, Clock::System)?,
            accounts: AccountService::from_env(aws)?,
            queue,
            declined_hold_seconds: Settings.parsed("SOUK_DECLINED_HOLD_SECONDS")?,
        })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.service.orders.table()
    }
}

/// Handles a batch of the orders queue.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| handle_message(state, envelope).await).await
}

async fn handle_message(state: &State, envelope: Envelope) -> Result<()> {
    let trace = envelope.trace("orders-worker");
    let service = &state.service;
    let apply =
        |order, payment| service.apply_payment_event((order, payment), &envelope, state.declined_hold_seconds, &trace);
    match &envelope.event {
        // The release before delayed the message until the end of the hold. The hold may have been extended since, and a queue delays
        // a message by 15 minutes at most. Then the message is sent again.
        Event::OrderCreated(order) => match service.expire_hold(order.order_id, &trace).await? {
            Expiry::NotBefore(at) => state.queue.send_later(&envelope, at).await,
            Expiry::Over => Ok(()),
        },
        Event::PaymentAuthorized(done) | Event::PaymentCompleted(done) | Event::PaymentCancelled(done) => {
            apply(done.order_id, done.payment_id).await
        }
        Event::PaymentFailed(failed) => apply(failed.order_id, failed.payment_id).await,
        Event::PaymentRefunded(refund) => apply(refund.order_id, refund.payment_id).await,
        Event::UserDeleted(deleted) => erase_account(state, deleted, &envelope).await,
        _ => Ok(()),
    }
}

/// Erases in an account's orders for some seconds, then sends the message again to go on. After the last page it sends
/// the message once more, for a second check. The orders stay, so the message says how far it came.
async fn erase_account(state: &State, deleted: &UserDeleted, envelope: &Envelope) -> Result<()> {
    if !state.accounts.was_closed(deleted.user_id, envelope).await? {
        return Ok(());
    }
    let (until, now) = (Instant::now() + SLICE, Clock::System.now());
    let mut before = deleted.orders_before;
    let next_message = |orders_before, is_second_pass| {
        let event = Event::UserDeleted(UserDeleted { orders_before, is_second_pass, ..deleted.clone() });
        Envelope { event, ..envelope.clone() }
    };
    loop {
        before = state.service.erase(deleted.user_id, before).await?;
        fault::point("erasure.orders_read");
        match before {
            Some(_) if Instant::now() < until => {}
            Some(_) => return state.queue.send_later(&next_message(before, deleted.is_second_pass), now).await,
            None if deleted.is_second_pass => return Ok(()),
            // The newest orders come first, and may have changed during the erasure.
            None => {
                return state
                    .queue
                    .send_later(&next_message(None, true), envelope.second_erasure_at(now).unwrap_or(now))
                    .await;
            }
        }
    }
}
