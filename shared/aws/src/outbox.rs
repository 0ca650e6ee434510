//! The outbox: an event is written in the same transaction as the change that it reports. The table's stream delivers it to the
//! relay, which publishes and removes it. Housekeeping finds the events that the stream has lost, by their age. An outbox has 16
//! partitions, so that none of them receives every write of a busy shop.

use serde::{Deserialize, Serialize};
use values::{Error, Id, PageRequest, Result, Timestamp};

use crate::{Key, Query, Table, Write};
use events::Envelope;

/// The number of partitions of an outbox: `OUTBOX#00` to `OUTBOX#15`.
pub const OUTBOX_SHARDS: u8 = 16;

#[derive(Serialize, Deserialize)]
struct Row {
    event: String,
}

fn key(envelope: &Envelope) -> Key {
    let shard = envelope.event_id.uuid().as_bytes()[15] % OUTBOX_SHARDS;
    Key::new(format!("OUTBOX#{shard:02}"), envelope.event_id.to_string())
}

/// The write that puts an event into the outbox of `table`.
pub fn put(table: &Table, envelope: &Envelope) -> Result<Write> {
    let event = serde_json::to_string(envelope).map_err(Error::internal)?;
    Write::put(table, key(envelope), &Row { event })
}

/// Removes a published event.
pub async fn remove(table: &Table, envelope: &Envelope) -> Result<()> {
    // Unconditional: a second removal changes nothing.
    Write::delete(table, key(envelope))
        .run()
        .await?
        .map_err(|_| Error::internal("the condition of an unconditional delete failed"))
}

/// Parses the event in the new image of a stream record.
pub fn read_image(event: &str) -> Result<Envelope> {
    serde_json::from_str(event).map_err(Error::internal)
}

/// The events of one partition that are older than `since`, oldest first, at most 100. Each is a result of its own, because one
/// that cannot be parsed must not block the others.
pub async fn pending_events(table: &Table, shard: u8, since: Timestamp) -> Result<Vec<Result<Envelope>>> {
    // Event ids sort by time, so "older than" is a range of the sort key.
    let bound: values::EventId = Id::from_uuid(oldest_uuid_at(since));
    let query = Query::of(table, format!("OUTBOX#{shard:02}")).before(bound.to_string());
    let page = query.page::<Row>(&PageRequest { limit: 100, after: None }).await?;
    Ok(page.rows.iter().map(|row| read_image(&row.event)).collect())
}

fn oldest_uuid_at(at: Timestamp) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(at.millis().unsigned_abs()) << 80)
}
