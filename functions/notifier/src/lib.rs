//! SQS: events that customers hear of. What fails comes again by itself; events of other types are none of its business.

use aws_kit::{Aws, Queue, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use notifications::{Notifier, notify};
use values::{Clock, Result};

/// What the handler works with.
#[derive(Debug, Clone)]
pub struct State {
    notifier: Notifier,
    queue: Queue,
}

impl State {
    /// As the environment says.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let queue = Queue::from_env(aws, "SOUK_QUEUE_NOTIFICATIONS", Clock::System)?;
        Ok(Self { notifier: Notifier::from_env(aws)?, queue })
    }
}

/// Handles a batch of the queue `notifications`.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| notify(&state.notifier, &envelope).await).await
}
