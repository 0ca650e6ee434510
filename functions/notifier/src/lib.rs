//! SQS: events that customers hear of. What fails comes again by itself; events of other types are none of its business.

use aws_kit::{Aws, consume};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use notifications::{Notifier, notify};
use values::Result;

/// What the handler works with.
#[derive(Debug, Clone)]
pub struct State {
    notifier: Notifier,
}

impl State {
    /// As the environment says.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self { notifier: Notifier::from_env(aws)? })
    }
}

/// Handles a batch of the queue `notifications`.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(batch, async |envelope| notify(&state.notifier, &envelope).await).await
}
