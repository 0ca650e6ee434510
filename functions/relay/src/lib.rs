//! From outboxes to queues: reads the tables' streams, publishes what was inserted, and forgets what was published.
//! What it fails at comes again with the stream; what the stream loses, housekeeping finds by age. And it tells what the
//! stream alone knows: that stock has crossed a bound.

mod stock;

use std::collections::HashSet;

use aws_kit::{Aws, Publisher, Settings, Table, fault, read_image, remove_event};
use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use events::Envelope;
use futures::future::join_all;
use serde::Deserialize;
use tracing::{error, info, warn};
use values::{Clock, Error, EventId, Result};

/// What the handler holds.
pub struct State {
    publisher: Publisher,
    outboxes: Vec<Table>,
    /// The catalog's, whose stream tells of stock.
    catalog: String,
    /// At so many pieces, or fewer, a SKU is low.
    low: u32,
}

/// The tables that have an outbox.
const OUTBOXES: [&str; 4] = ["SOUK_TABLE_IDENTITY", "SOUK_TABLE_CATALOG", "SOUK_TABLE_ORDERS", "SOUK_TABLE_PAYMENTS"];

impl State {
    /// From the environment that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let outboxes = OUTBOXES.iter().map(|variable| aws.table(variable)).collect::<Result<_>>()?;
        let publisher = Publisher::from_env(aws, Clock::System)?;
        let catalog = Settings.required("SOUK_TABLE_CATALOG")?;
        Ok(Self { publisher, outboxes, catalog, low: Settings.parsed("SOUK_LOW_STOCK")? })
    }
}

/// An event that a stream record tells.
struct Told {
    record: String,
    /// Where it lies until it is published; nowhere, if the record itself is all there is of it.
    outbox: Option<Table>,
    envelope: Envelope,
}

#[derive(Deserialize)]
struct Image {
    event: String,
}

/// Handles a batch of a stream. The first record that fails is reported: the stream comes again from there, and events
/// that go out twice change nothing. What stands before it is published, because the stream counts it as done.
pub async fn handle(state: &State, batch: StreamEvent) -> DynamoDbEventResponse {
    let mut told = Vec::new();
    let mut poison = None;
    for record in batch.records {
        let sequence = record.change.sequence_number.clone().unwrap_or_default();
        match read(state, record) {
            Ok(events) => told.extend(events.into_iter().map(|(outbox, envelope)| Told {
                record: sequence.clone(),
                outbox,
                envelope,
            })),
            Err(cause) => {
                error!(
                    record = sequence,
                    error.cause = cause.causes(),
                    "this record tells nothing that souk understands"
                );
                poison = Some(sequence);
                break;
            }
        }
    }
    let envelopes: Vec<Envelope> = told.iter().map(|told| told.envelope.clone()).filter(is_published).collect();
    fault::point("relay.before_publish");
    let lost = match state.publisher.publish(&envelopes).await {
        Ok(lost) => lost,
        Err(cause) => {
            error!(error.cause = cause.causes(), "nothing was published");
            let first = told.into_iter().next().map(|told| told.record);
            return first.or(poison).map(failed).unwrap_or_default();
        }
    };
    fault::point("relay.published");
    let first_failed = first_lost(&told, &lost).or(poison);
    let published = told.into_iter().filter(|told| !lost.contains(&told.envelope.event_id));
    join_all(published.map(forgotten)).await;
    first_failed.map(failed).unwrap_or_default()
}

/// The first record of which an event did not get through.
fn first_lost(told: &[Told], lost: &HashSet<EventId>) -> Option<String> {
    told.iter().find(|told| lost.contains(&told.envelope.event_id)).map(|told| told.record.clone())
}

async fn forgotten(told: Told) {
    let Told { envelope, outbox, .. } = told;
    info!(event.id = %envelope.event_id, event.r#type = envelope.event.name(), correlation.id = envelope.correlation_id, "published");
    let Some(outbox) = outbox else { return };
    // A row that stays is published once more by housekeeping, which is harmless.
    if let Err(cause) = remove_event(&outbox, &envelope).await {
        warn!(error.cause = cause.causes(), "published, but not removed from its outbox");
    }
}

/// The events in a record, with the outbox that they lie in; none in records that are neither inserts into an outbox nor
/// changes of stock (the mapping's filter keeps most of them away).
fn read(state: &State, record: EventRecord) -> Result<Vec<(Option<Table>, Envelope)>> {
    let source = record.event_source_arn.clone().unwrap_or_default();
    let name = source.split_once(":table/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    let table = state.outboxes.iter().find(|table| table.name() == name);
    let is_event = record.change.new_image.contains_key("event");
    match (record.event_name.as_str(), table) {
        ("INSERT", Some(table)) if is_event => {
            let image: Image = serde_dynamo::from_item(record.change.new_image).map_err(Error::internal)?;
            Ok(vec![(Some(table.clone()), read_image(&image.event)?)])
        }
        ("INSERT", None) => Err(Error::internal(format!("a record of a table without an outbox: {source}"))),
        _ if name == state.catalog => {
            Ok(stock::told(&record, state.low)?.into_iter().map(|envelope| (None, envelope)).collect())
        }
        _ => Ok(vec![]),
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

#[cfg(test)]
mod tests {
    use events::{Event, ProductChanged};
    use values::{Actor, Trace};

    use super::*;

    fn told(record: &str) -> Told {
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let event = ProductChanged { product_id: Clock::System.mint(), sku: "MUG".parse().unwrap() };
        let envelope = Envelope::new(&Clock::System, &trace, "prd_x", 1, Event::ProductUpdated(event));
        Told { record: record.into(), outbox: None, envelope }
    }

    #[test]
    fn the_first_record_that_lost_one_of_its_events_is_reported() {
        // The second record tells two events, of which the second is lost.
        let told = [told("1"), told("2"), told("2"), told("3")];
        let lost = HashSet::from([told[3].envelope.event_id, told[2].envelope.event_id]);
        assert_eq!(first_lost(&told, &lost).as_deref(), Some("2"));
        assert_eq!(first_lost(&told, &HashSet::new()), None);
    }
}
