//! The worker that sends notifications, of the events in its queue and in the stream of the payments table. What fails is delivered
//! again by the queue; events of other types are ignored.

use aws_kit::{Aws, Batch, BatchResponse, Queue, consume, consume_stream};
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
    match batch {
        Batch::Messages(messages) => {
            let response = consume(&state.queue, messages, async |envelope| state.notifier.notify(&envelope).await);
            BatchResponse::Messages(response.await)
        }
        Batch::Records(records) => {
            let response = consume_stream(&state.queue, records, customer_event_of_image, async |envelope| {
                state.notifier.notify(&envelope).await
            });
            BatchResponse::Records(response.await)
        }
    }
}
