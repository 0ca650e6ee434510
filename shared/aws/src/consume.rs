//! The consumer's side of a queue: each message by itself, its failure its own.

use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use events::Envelope;
use futures::future::join_all;
use tokio::time::timeout;
use tracing::{Instrument, error, info, info_span};
use values::{Error, Kind, Result};

use crate::queue::{OUTAGES, Queue};

/// For one message: less than a worker's timeout, which would end all messages of its batch with it.
const PATIENCE: Duration = Duration::from_secs(8);

/// Handles a batch (10 at most) side by side. What fails, and only that, is reported, comes again, and ends in the
/// dead-letter queue after the queue's number of receives; so does a message that is no envelope. An outage is not the
/// message's fault: then a copy is sent on with a growing pause, and no receive is burnt. A reconciler's hint is not sent on:
/// the next one is on its way. A message that takes too long is left where it is, as by a crash, and counts as an outage.
pub async fn consume<F, Fut>(queue: &Queue, batch: SqsEvent, handle: F) -> SqsBatchResponse
where
    F: Fn(Envelope) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let handled = batch.records.into_iter().map(|message| one(queue, message, &handle));
    let failed = join_all(handled).await.into_iter().flatten();
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

async fn one<F, Fut>(queue: &Queue, message: SqsMessage, handle: &F) -> Option<String>
where
    F: Fn(Envelope) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let id = message.message_id.unwrap_or_default();
    let counted = message.message_attributes.get(OUTAGES).and_then(|count| count.string_value.as_deref()?.parse().ok());
    let outages: u32 = counted.unwrap_or(0);
    let envelope: Envelope = match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
        Ok(envelope) => envelope,
        Err(cause) => {
            error!(message.id = id, error = %cause, "this message is no event of souk; it will end in the dead-letter queue");
            return Some(id);
        }
    };
    let span = info_span!(
        "message",
        correlation.id = envelope.correlation_id,
        event.id = %envelope.event_id,
        event.r#type = envelope.event.name(),
        subject = envelope.subject,
    );
    async {
        let handled = timeout(PATIENCE, handle(envelope.clone())).await;
        match handled.unwrap_or_else(|late| Err(Error::unavailable("message's work", late))) {
            Ok(()) => {
                info!("handled");
                None
            }
            Err(error) => {
                log(&error);
                let is_outage = matches!(error.kind, Kind::Unavailable(_));
                if is_outage && envelope.is_repeated() {
                    return None;
                }
                let postponed = is_outage && queue.postpone(&envelope, outages + 1).await.unwrap_or(false);
                (!postponed).then_some(id)
            }
        }
    }
    .instrument(span)
    .await
}

fn log(error: &Error) {
    error!(error.code = error.code, error.cause = error.causes(), "not handled, it will come again: {}", error.detail);
}
