//! The worker that sends notifications. A message that fails is delivered again; events of other types are ignored.

use aws_kit::{Aws, Queue, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use notifications::Notifier;
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

/// Handles a batch of the queue `notifications`.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| state.notifier.notify(&envelope).await).await
}
