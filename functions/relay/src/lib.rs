//! From outboxes to queues: reads the tables' streams, publishes what was inserted, and forgets what was published.
//! What it fails at comes again with the stream; what the stream loses, housekeeping finds by age.

use aws_kit::{Aws, Publisher, Table, fault, forget_event, read_image};
use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use events::Envelope;
use futures::future::join_all;
use serde::Deserialize;
use tracing::{error, info, warn};
use values::{Clock, Error, Result};

/// What the handler holds.
pub struct State {
    publisher: Publisher,
    outboxes: Vec<Table>,
}

/// The tables that have an outbox.
const OUTBOXES: [&str; 4] = ["SOUK_TABLE_IDENTITY", "SOUK_TABLE_CATALOG", "SOUK_TABLE_ORDERS", "SOUK_TABLE_PAYMENTS"];

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let outboxes = OUTBOXES.iter().map(|variable| aws.table(variable)).collect::<Result<_>>()?;
        Ok(Self { publisher: Publisher::from_env(aws, Clock::System)?, outboxes })
    }
}

/// What the relay needs of a stream record.
struct Inserted {
    record: String,
    table: Table,
    envelope: Envelope,
}

#[derive(Deserialize)]
struct Image {
    event: String,
}

/// Handles a batch of a stream. The first record that fails is reported: the stream comes again from there, and events
/// that go out twice change nothing. What stands before it is published, because the stream counts it as done.
pub async fn handle(state: &State, batch: StreamEvent) -> DynamoDbEventResponse {
    let mut inserted = Vec::new();
    let mut poison = None;
    for record in batch.records {
        let sequence = record.change.sequence_number.clone().unwrap_or_default();
        match read(state, record) {
            Ok(Some((table, envelope))) => inserted.push(Inserted { record: sequence, table, envelope }),
            Ok(None) => {}
            Err(cause) => {
                error!(record = sequence, error.cause = cause.causes(), "this outbox row is no event of souk");
                poison = Some(sequence);
                break;
            }
        }
    }
    let envelopes: Vec<Envelope> = inserted.iter().map(|row| row.envelope.clone()).filter(is_published).collect();
    fault::point("relay.before_publish");
    let lost = match state.publisher.publish(&envelopes).await {
        Ok(lost) => lost,
        Err(cause) => {
            error!(error.cause = cause.causes(), "nothing was published");
            let first = inserted.into_iter().next().map(|row| row.record);
            return first.or(poison).map(failed).unwrap_or_default();
        }
    };
    fault::point("relay.published");
    let mut first_lost = None;
    let published = inserted.into_iter().filter(|row| {
        let sent = !lost.contains(&row.envelope.event_id);
        if !sent && first_lost.is_none() {
            first_lost = Some(row.record.clone());
        }
        sent
    });
    let forgotten = published.map(async |row| {
        info!(event.id = %row.envelope.event_id, event.r#type = row.envelope.event.name(), correlation.id = row.envelope.correlation_id, "published");
        // A row that stays is published once more by housekeeping, which is harmless.
        if let Err(cause) = forget_event(&row.table, &row.envelope).await {
            warn!(error.cause = cause.causes(), "published, but not removed from its outbox");
        }
    });
    join_all(forgotten).await;
    first_lost.or(poison).map(failed).unwrap_or_default()
}

/// The event in a record; none in records that are not inserts into an outbox (the mapping's filter keeps most of them away).
fn read(state: &State, record: EventRecord) -> Result<Option<(Table, Envelope)>> {
    let source = record.event_source_arn.unwrap_or_default();
    let name = source.split_once(":table/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    let table = state.outboxes.iter().find(|table| table.name() == name);
    let is_event = record.change.new_image.contains_key("event");
    match (record.event_name.as_str(), table) {
        ("INSERT", Some(table)) if is_event => {
            let image: Image = serde_dynamo::from_item(record.change.new_image).map_err(Error::internal)?;
            Ok(Some((table.clone(), read_image(&image.event)?)))
        }
        ("INSERT", None) => Err(Error::internal(format!("a record of a table without an outbox: {source}"))),
        _ => Ok(None),
    }
}

/// Every event is; but for the mutant that the suite has to notice, which drops some and forgets them as if they were sent.
fn is_published(envelope: &Envelope) -> bool {
    !(fault::mutant("event_dropped") && envelope.event_id.uuid().as_bytes()[15].is_multiple_of(3))
}

fn failed(sequence: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = vec![failure];
    response
}
