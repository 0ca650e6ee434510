//! The consumer of a queue. Each message succeeds or fails by itself.

use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use events::Envelope;
use futures::future::join_all;
use tokio::time::timeout;
use tracing::{Instrument, Span, error, info, info_span};
use values::{Error, Kind, Result};

use crate::queue::{OUTAGES, Queue};

/// The time for one message. It is shorter than a worker's timeout, which would fail the whole batch.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(8);

/// Handles the messages of a batch (10 at most) concurrently and reports those that failed. SQS delivers a failed message again, and
/// moves it to the dead-letter queue after the queue's number of receives. The same happens to a message that is not an envelope.
///
/// An outage is not the fault of the message: then a copy is sent with a growing delay, so that no receive is used up. A hint of the
/// reconciler is dropped instead, because the next one will follow. A message that takes too long counts as an outage.
pub async fn consume<F, Fut>(queue: &Queue, batch: SqsEvent, handle: F) -> SqsBatchResponse
where
    F: Fn(Envelope) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let handled = batch.records.into_iter().map(|message| consume_message(queue, message, &handle));
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

async fn consume_message<F, Fut>(queue: &Queue, message: SqsMessage, handle: &F) -> Option<String>
where
    F: Fn(Envelope) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let id = message.message_id.unwrap_or_default();
    let attribute =
        message.message_attributes.get(OUTAGES).and_then(|count| count.string_value.as_deref()?.parse().ok());
    let outages: u32 = attribute.unwrap_or(0);
    let envelope: Envelope = match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
        Ok(envelope) => envelope,
        Err(cause) => {
            error!(message.id = id, error = %cause, "the message is not an event; it will move to the dead-letter queue");
            return Some(id);
        }
    };
    async {
        match in_time(handle(envelope.clone())).await {
            Ok(()) => {
                info!("message handled");
                None
            }
            Err(error) => {
                log_error(&error);
                let is_outage = matches!(error.kind, Kind::Unavailable(_));
                if is_outage && envelope.is_repeated() {
                    return None;
                }
                let postponed = is_outage && queue.postpone(&envelope, outages + 1).await.unwrap_or(false);
                (!postponed).then_some(id)
            }
        }
    }
    .instrument(span_of(&envelope))
    .await
}

/// The span of the log lines about an event.
pub(crate) fn span_of(envelope: &Envelope) -> Span {
    info_span!(
        "message",
        correlation.id = envelope.correlation_id,
        event.id = %envelope.event_id,
        event.r#type = envelope.event.name(),
        subject = envelope.subject,
    )
}

/// The result of a handler. One that takes too long counts as an outage.
pub(crate) async fn in_time(handled: impl Future<Output = Result<()>>) -> Result<()> {
    timeout(MESSAGE_TIMEOUT, handled).await.unwrap_or_else(|late| Err(Error::unavailable("message handler", late)))
}

pub(crate) fn log_error(error: &Error) {
    error!(
        error.code = error.code,
        error.cause = error.causes(),
        "message failed and will be delivered again: {}",
        error.detail
    );
}
