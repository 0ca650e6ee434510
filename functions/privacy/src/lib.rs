//! Exports and erases personal data. It is the only function that reads every context. It writes identity, carts and the folder of
//! personal files, for a few seconds per message.

mod document;
mod erase;
mod export;
mod progress;
mod state;

use aws_kit::consume;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use events::{Envelope, Event};
use values::Result;

pub use state::State;

/// Handles a batch of the queue `privacy`.
pub async fn handle(state: &State, batch: SqsEvent) -> SqsBatchResponse {
    consume(&state.queue, batch, async |envelope| handle_event(state, envelope).await).await
}

/// Works for some seconds. If there is more to do, sends the message again.
async fn handle_event(state: &State, envelope: Envelope) -> Result<()> {
    let next = match &envelope.event {
        Event::UserExportRequested(request) => export::export(state, request, &envelope).await?,
        Event::UserDeleted(deleted) => erase::erase(state, deleted.user_id, &envelope).await?,
        _ => None,
    };
    match next {
        Some(at) => state.queue.send_later(&envelope, at).await,
        None => Ok(()),
    }
}
