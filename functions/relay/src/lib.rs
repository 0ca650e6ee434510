//! Publishes events: reads the streams of the tables, sends new outbox rows to the queues, and deletes them afterwards.
//! The stream delivers failed records again. Housekeeping finds the events that a stream lost. The relay also logs the
//! movements of stock, and makes the events about stock, that only the stream of the catalog shows. An event of another
//! context than its table's is forged: it is removed and reported, and never published.

mod stock;

use std::collections::HashSet;

use aws_kit::{Aws, Key, Outbox, Publisher, Settings, StoredEvent, fault, read_image};
use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use catalog::{Catalog, StockMovement};
use events::Envelope;
use futures::{StreamExt, stream};
use serde::Deserialize;
use tracing::{error, info, warn};
use values::{Clock, Error, EventId, Result};

/// What the handler needs.
pub struct State {
    publisher: Publisher,
    outboxes: Vec<Outbox>,
    /// Its table's stream shows changes of stock.
    catalog: Catalog,
    /// A SKU is low on stock at this many pieces or fewer.
    low_stock: u32,
}

/// Deletes of outbox rows at the same time: a batch of a hundred must not open a hundred connections.
const DELETES_AT_ONCE: usize = 10;

impl State {
    /// Builds the state from the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let publisher = Publisher::from_env(aws, Clock::System)?;
        let catalog = Catalog::from_env(aws)?;
        let outboxes = Outbox::all(aws)?;
        Ok(Self { publisher, outboxes, catalog, low_stock: Settings.parsed("SOUK_LOW_STOCK")? })
    }
}

/// What follows from a stream record.
struct ParsedRecord {
    sequence: String,
    /// The movement that the record shows, if an order has changed stock.
    movement: Option<StockMovement>,
    events: Vec<RecordEvent>,
}

/// An event of a stream record.
struct RecordEvent {
    record: String,
    /// The outbox with its row, and the row's key. Events about stock have no row.
    row: Option<(Outbox, Key)>,
    envelope: Envelope,
}

impl RecordEvent {
    /// Whether another context makes such events than the one whose table the record comes from.
    fn is_forged(&self) -> bool {
        self.row.as_ref().is_some_and(|(outbox, _)| !outbox.owns(&self.envelope))
            && !fault::mutant("forged_event_published")
    }
}

#[derive(Deserialize)]
struct OutboxRow {
    pk: String,
    sk: String,
    event: String,
}

/// Handles a batch of a stream. Reports the first record that failed, and the stream delivers all records from there
/// again. Logging a movement or publishing an event twice is harmless. Events before that record are published, because
/// the stream counts them as done.
pub async fn handle(state: &State, batch: StreamEvent) -> DynamoDbEventResponse {
    let mut records = Vec::new();
    let mut stopped_at = None;
    for record in batch.records {
        let sequence = record.change.sequence_number.clone().unwrap_or_default();
        match read(state, record) {
            Ok(parsed) => records.push(parsed),
            Err(cause) => {
                error!(record = sequence, error.cause = cause.causes(), "stream record could not be read");
                stopped_at = Some(sequence);
                break;
            }
        }
    }
    if let Some(position) = log_movements(&state.catalog, &records).await {
        stopped_at = records.get(position).map(|record| record.sequence.clone());
        records.truncate(position);
    }
    let events: Vec<RecordEvent> = records.into_iter().flat_map(|record| record.events).collect();
    // A forged event is no failure: it must not hold back the events behind it.
    let (forged, events): (Vec<_>, Vec<_>) = events.into_iter().partition(RecordEvent::is_forged);
    stream::iter(forged).for_each_concurrent(DELETES_AT_ONCE, refuse).await;
    let envelopes: Vec<Envelope> = events.iter().map(|event| event.envelope.clone()).filter(is_published).collect();
    fault::point("relay.before_publish");
    let unpublished = match state.publisher.publish(&envelopes).await {
        Ok(unpublished) => unpublished,
        Err(cause) => {
            error!(error.cause = cause.causes(), "could not publish events");
            let first = events.into_iter().next().map(|event| event.record);
            return first.or(stopped_at).map(failure_response).unwrap_or_default();
        }
    };
    fault::point("relay.published");
    let first_failed = first_unpublished(&events, &unpublished).or(stopped_at);
    let published = events.into_iter().filter(|event| !unpublished.contains(&event.envelope.event_id));
    stream::iter(published).for_each_concurrent(DELETES_AT_ONCE, delete_from_outbox).await;
    first_failed.map(failure_response).unwrap_or_default()
}

/// Logs the movements of these records. Returns the position of the first record whose movement was not logged.
async fn log_movements(catalog: &Catalog, records: &[ParsedRecord]) -> Option<usize> {
    let named = records.iter().enumerate().filter_map(|(position, record)| Some((position, record.movement.as_ref()?)));
    let (positions, movements): (Vec<usize>, Vec<&StockMovement>) = named.unzip();
    if movements.is_empty() {
        return None;
    }
    let failure = catalog.log_movements(&movements).await.err();
    fault::point("relay.movement_logged");
    let (at, cause) = failure?;
    let position = positions.get(at).copied().unwrap_or_default();
    let record = records.get(position).map(|record| record.sequence.as_str());
    error!(record, error.cause = cause.causes(), "stock movement could not be logged");
    Some(position)
}

/// Returns the first record with an event that was not published.
fn first_unpublished(events: &[RecordEvent], unpublished: &HashSet<EventId>) -> Option<String> {
    events.iter().find(|event| unpublished.contains(&event.envelope.event_id)).map(|event| event.record.clone())
}

/// Removes a forged event from its outbox and reports it. If the row stays, housekeeping refuses it once more.
async fn refuse(event: RecordEvent) {
    let RecordEvent { envelope, row: Some((outbox, key)), .. } = event else { return };
    if let Err(cause) = outbox.refuse(&StoredEvent { key, envelope }).await {
        warn!(error.cause = cause.causes(), "could not delete a forged event from its outbox");
    }
}

async fn delete_from_outbox(event: RecordEvent) {
    let RecordEvent { envelope, row, .. } = event;
    info!(event.id = %envelope.event_id, event.r#type = envelope.event.name(), correlation.id = envelope.correlation_id, "event published");
    let Some((outbox, key)) = row else { return };
    // If the row stays, housekeeping publishes it once more, which is harmless.
    if let Err(cause) = outbox.remove(&StoredEvent { key, envelope }).await {
        warn!(error.cause = cause.causes(), "could not delete a published event from its outbox");
    }
}

/// Returns what follows from a record: its events, each with its row in an outbox, and its movement of stock. Other records than inserts
/// into an outbox and changes of stock have nothing; the filter of the event source mapping removes most of them.
fn read(state: &State, record: EventRecord) -> Result<ParsedRecord> {
    let sequence = record.change.sequence_number.clone().unwrap_or_default();
    let event = |row, envelope| RecordEvent { record: sequence.clone(), row, envelope };
    let parsed = |movement, events| ParsedRecord { sequence: sequence.clone(), movement, events };
    let source = record.event_source_arn.clone().unwrap_or_default();
    let name = source.split_once(":table/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    let outbox = state.outboxes.iter().find(|outbox| outbox.table_name() == name);
    let is_event = record.change.new_image.contains_key("event");
    match (record.event_name.as_str(), outbox) {
        ("INSERT", Some(outbox)) if is_event => {
            let row: OutboxRow = serde_dynamo::from_item(record.change.new_image).map_err(Error::internal)?;
            let envelope = read_image(&row.event)?;
            Ok(parsed(None, vec![event(Some((outbox.clone(), Key::new(row.pk, row.sk))), envelope)]))
        }
        ("INSERT", None) => Err(Error::internal(format!("stream record of a table without an outbox: {source}"))),
        _ if name == state.catalog.table().name() => {
            let change = stock::stock_change(&record, state.low_stock)?;
            Ok(parsed(change.movement, change.events.into_iter().map(|envelope| event(None, envelope)).collect()))
        }
        _ => Ok(parsed(None, vec![])),
    }
}

/// Every event is published. A mutant drops some, and the test suite has to notice it.
fn is_published(envelope: &Envelope) -> bool {
    !(fault::mutant("event_dropped") && envelope.event_id.uuid().as_bytes()[15].is_multiple_of(3))
}

fn failure_response(sequence: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = vec![failure];
    response
}

#[cfg(test)]
mod tests {
    use events::{Event, ProductChanged};
    use values::{Actor, Trace};

    use super::*;

    fn event(record: &str) -> RecordEvent {
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let event = ProductChanged { product_id: Clock::System.mint(), sku: "MUG".parse().unwrap() };
        let envelope = Envelope::new(&Clock::System, &trace, "prd_x", 1, Event::ProductUpdated(event));
        RecordEvent { record: record.into(), row: None, envelope }
    }

    #[test]
    fn first_record_with_an_unpublished_event_is_reported() {
        // The second record has two events, and the second of them failed.
        let events = [event("1"), event("2"), event("2"), event("3")];
        let unpublished = HashSet::from([events[3].envelope.event_id, events[2].envelope.event_id]);
        assert_eq!(first_unpublished(&events, &unpublished).as_deref(), Some("2"));
        assert_eq!(first_unpublished(&events, &HashSet::new()), None);
    }
}
