//! The worker that sends notifications, of the events in its queue and in the stream of the payments table. What fails is delivered
//! again by the queue; events of other types are ignored.

use aws_kit::{Aws, Batch, BatchResponse, Queue, consume_batch};
use notifications::Notifier;
use payments::customer_event_of_image;
use values::{Clock, Result};

/// What the handler works with.
#[derive(Debug, Clone)]
pub struct State {
    notifier: Notifier,
    queue: Queue,
}

impl State {
    /// Reads the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_NOTIFICATIONS", Clock::System)?;
        Ok(Self { notifier: Notifier::from_env(aws)?, queue })
    }
}

/// Handles a batch of the queue `notifications`, or of the stream of the payments table.
pub async fn handle(state: &State, batch: Batch) -> BatchResponse {
    consume_batch(&state.queue, batch, customer_event_of_image, async |envelope| state.notifier.notify(&envelope).await)
        .await
}
