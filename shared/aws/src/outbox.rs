//! The outbox: an event is written in the same transaction as the change it tells of. The table's stream hands it to the
//! relay, which publishes and forgets it; what the stream lost is found here by age. 16 partitions, so that no single one
//! takes every write of a busy shop.

use serde::{Deserialize, Serialize};
use values::{Error, Id, PageRequest, Result, Timestamp};

use crate::{Key, Query, Table, Write};
use events::Envelope;

/// Partitions of an outbox: `OUTBOX#00` to `OUTBOX#15`.
pub const OUTBOX_SHARDS: u8 = 16;

#[derive(Serialize, Deserialize)]
struct Row {
    event: String,
}

fn key(envelope: &Envelope) -> Key {
    let shard = envelope.event_id.uuid().as_bytes()[15] % OUTBOX_SHARDS;
    Key::new(format!("OUTBOX#{shard:02}"), envelope.event_id.to_string())
}

/// The write that puts an event into `table`'s outbox.
pub fn put(table: &Table, envelope: &Envelope) -> Result<Write> {
    let event = serde_json::to_string(envelope).map_err(Error::internal)?;
    Write::put(table, key(envelope), &Row { event })
}

/// Removes a published event.
pub async fn forget(table: &Table, envelope: &Envelope) -> Result<()> {
    // Unconditional: a second removal changes nothing.
    Write::delete(table, key(envelope)).run().await?.map_err(|_| Error::internal("an unconditional delete was refused"))
}

/// The event in a stream record's new image.
pub fn read_image(event: &str) -> Result<Envelope> {
    serde_json::from_str(event).map_err(Error::internal)
}

/// Events of one partition that have waited since before `since`, oldest first, at most 100; each by itself, because one
/// that cannot be read must not keep the others.
pub async fn pending_events(table: &Table, shard: u8, since: Timestamp) -> Result<Vec<Result<Envelope>>> {
    // Event ids sort by their time, so "older than" is a range of the sort key.
    let bound: values::EventId = Id::from_uuid(oldest_uuid_at(since));
    let query = Query::of(table, format!("OUTBOX#{shard:02}")).before(bound.to_string());
    let page = query.page::<Row>(&PageRequest { limit: 100, after: None }).await?;
    Ok(page.rows.iter().map(|row| read_image(&row.event)).collect())
}

fn oldest_uuid_at(at: Timestamp) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(at.millis().unsigned_abs()) << 80)
}
