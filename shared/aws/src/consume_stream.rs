//! The consumer of a stream whose rows are events themselves. What fails is sent to the worker's own queue, so a stream waits neither for
//! the payment provider nor for the mail service.

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use events::Envelope;
use futures::future::join_all;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tracing::{Instrument, error, info};
use values::{Error, Result};

use crate::consume::{consume, in_time, log_error, span_of};
use crate::queue::Queue;

/// A batch for a function that reads a queue and a stream. Its records say where it comes from.
#[derive(Debug, Clone)]
pub enum Batch {
    Messages(SqsEvent),
    Records(StreamEvent),
}

/// What of a [`Batch`] has to be delivered again.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum BatchResponse {
    Messages(SqsBatchResponse),
    Records(DynamoDbEventResponse),
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let batch = Value::deserialize(deserializer)?;
        let source = batch.pointer("/Records/0/eventSource").and_then(Value::as_str);
        let parsed = match source == Some("aws:dynamodb") {
            true => serde_json::from_value(batch).map(Self::Records),
            false => serde_json::from_value(batch).map(Self::Messages),
        };
        parsed.map_err(D::Error::custom)
    }
}

/// Handles a batch of either kind: messages as [`consume`] does, and records as events that `parse` makes of the new images of their rows;
/// none for a row that is no event.
///
/// A record that fails becomes a message in the worker's own queue, a second later, and counts as done: from then on [`consume`] decides.
/// Only a record that cannot be read or sent is reported as failed. The stream then delivers it and those behind it again.
pub async fn consume_batch<P, F, Fut>(queue: &Queue, batch: Batch, parse: P, handle: F) -> BatchResponse
where
    P: Fn(Value) -> Result<Option<Envelope>>,
    F: Fn(Envelope) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    match batch {
        Batch::Messages(messages) => BatchResponse::Messages(consume(queue, messages, handle).await),
        Batch::Records(records) => BatchResponse::Records(consume_stream(queue, records, parse, handle).await),
    }
}

/// Handles the records of a batch concurrently.
async fn consume_stream<P, F, Fut>(queue: &Queue, batch: StreamEvent, parse: P, handle: F) -> DynamoDbEventResponse
where
    P: Fn(Value) -> Result<Option<Envelope>>,
    F: Fn(Envelope) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let handled = batch.records.into_iter().map(|record| consume_record(queue, record, &parse, &handle));
    let first_failed = join_all(handled).await.into_iter().flatten().next();
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = first_failed.map(item_failure).into_iter().collect();
    response
}

/// Returns the position of the record in its stream if it has to be delivered again.
async fn consume_record<P, F, Fut>(queue: &Queue, record: EventRecord, parse: &P, handle: &F) -> Option<String>
where
    P: Fn(Value) -> Result<Option<Envelope>>,
    F: Fn(Envelope) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let position = record.change.sequence_number.unwrap_or_default();
    let image = serde_dynamo::from_item::<_, Value>(record.change.new_image).map_err(Error::internal);
    let envelope = match image.and_then(parse) {
        Ok(Some(event)) => event,
        Ok(None) => return None,
        Err(cause) => {
            error!(record = position, error.cause = cause.causes(), "stream record could not be read");
            return Some(position);
        }
    };
    async {
        let Err(error) = in_time(handle(envelope.clone())).await else {
            info!("record handled");
            return None;
        };
        log_error(&error);
        match queue.postpone(&envelope, 1).await {
            Ok(_) => None,
            Err(error) => {
                log_error(&error);
                Some(position)
            }
        }
    }
    .instrument(span_of(&envelope))
    .await
}

fn item_failure(position: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(position);
    failure
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use events::{Event, PaymentRequested};
    use serde_json::json;
    use values::{Actor, Clock, Trace};

    use super::*;
    use crate::queue::tests::scripted_queue;

    fn batch(names: &[&str]) -> Value {
        let record = |name: &&str| {
            json!({
                "eventID": name, "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
                "awsRegion": "eu-central-1", "eventSourceARN": "arn:aws:dynamodb:eu-central-1:000000000000:table/t/stream/s",
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_795_248_000,
                    "Keys": { "pk": { "S": name } }, "NewImage": { "pk": { "S": name } },
                    "SequenceNumber": format!("at {name}"), "SizeBytes": 7, "StreamViewType": "NEW_IMAGE",
                },
            })
        };
        json!({ "Records": names.iter().map(record).collect::<Vec<_>>() })
    }

    fn records(names: &[&str]) -> StreamEvent {
        match serde_json::from_value(batch(names)).unwrap() {
            Batch::Records(records) => records,
            Batch::Messages(messages) => panic!("{messages:?}"),
        }
    }

    /// The event of a row, with its name as the subject. The row `other` is no event, and the row `broken` cannot be read.
    fn parse(image: Value) -> Result<Option<Envelope>> {
        let name = image["pk"].as_str().unwrap().to_owned();
        match name.as_str() {
            "other" => return Ok(None),
            "broken" => return Err(Error::internal("broken")),
            _ => {}
        }
        let clock = Clock::System;
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let event = Event::PaymentRequested(PaymentRequested { payment_id: clock.mint(), order_id: clock.mint() });
        Ok(Some(Envelope::new(&clock, &trace, name, 1, event)))
    }

    /// The records that are reported as failed, and the handled ones. The row `late` fails.
    async fn outcome(queue: &Queue, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let handled = Mutex::new(Vec::new());
        let handle = async |envelope: Envelope| {
            handled.lock().unwrap().push(envelope.subject.clone());
            if envelope.subject == "late" { Err(Error::internal("late")) } else { Ok(()) }
        };
        let response = consume_stream(queue, records(names), parse, handle).await;
        let failed = response.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier).collect();
        (failed, handled.into_inner().unwrap())
    }

    #[test]
    fn source_of_a_batch_says_what_it_is() {
        let message = json!({ "Records": [{
            "messageId": "m", "body": "{}", "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:q",
        }] });
        assert!(matches!(serde_json::from_value(message).unwrap(), Batch::Messages(batch) if batch.records.len() == 1));
        assert_eq!(records(&["a", "b"]).records.len(), 2);
        assert!(serde_json::from_value::<Batch>(json!({ "Records": "none" })).is_err());
    }

    #[test]
    fn response_has_the_form_of_its_batch() {
        let mut records = DynamoDbEventResponse::default();
        records.batch_item_failures = vec![item_failure("at a".to_owned())];
        let records = BatchResponse::Records(records);
        let expected = json!({ "batchItemFailures": [{ "itemIdentifier": "at a" }] });
        assert_eq!(serde_json::to_value(records).unwrap(), expected);
        let messages = BatchResponse::Messages(SqsBatchResponse::default());
        assert_eq!(serde_json::to_value(messages).unwrap(), json!({ "batchItemFailures": [] }));
    }

    #[tokio::test]
    async fn record_that_fails_is_sent_to_the_queue_and_counts_as_done() {
        let (queue, sent) = scripted_queue(&[200]);
        let (failed, handled) = outcome(&queue, &["a", "late", "other", "b"]).await;
        assert_eq!((failed, handled.len()), (vec![], 3));
        let sent = sent.lock().unwrap();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0].contains(r#"\"subject\":\"late\""#) && sent[0].contains(r#""DelaySeconds":1"#), "{sent:?}");
    }

    #[tokio::test]
    async fn record_that_cannot_be_sent_or_read_is_delivered_again() {
        let (queue, _) = scripted_queue(&[500]);
        assert_eq!(outcome(&queue, &["a", "late", "b"]).await.0, ["at late"]);
        let (queue, sent) = scripted_queue(&[]);
        let (failed, handled) = outcome(&queue, &["a", "broken", "b"]).await;
        assert_eq!((failed, handled), (vec!["at broken".to_owned()], vec!["a".to_owned(), "b".to_owned()]));
        assert!(sent.lock().unwrap().is_empty());
    }
}
