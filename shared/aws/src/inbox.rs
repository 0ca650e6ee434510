//! The inbox: a consumer writes the event's id in the same transaction as its effect, so a redelivery changes nothing.

use events::Envelope;
use serde::Serialize;
use values::{Result, Timestamp};

use crate::{Key, Table, Write};

/// How long a redelivery is recognised.
const KEPT_SECONDS: i64 = 30 * 24 * 3600;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    expires_at: i64,
}

fn key(consumer: &str, envelope: &Envelope) -> Key {
    Key::new(format!("INBOX#{consumer}#{}", envelope.event_id), "INBOX")
}

/// The write that makes an effect happen once: it is refused when `consumer` has had this event.
pub fn once(table: &Table, consumer: &str, envelope: &Envelope, now: Timestamp) -> Result<Write> {
    Write::create(table, key(consumer, envelope), &Row { expires_at: now.seconds() + KEPT_SECONDS })
}

/// Has `consumer` had this event? A cheap look before work that would be refused anyway.
pub async fn was_seen(table: &Table, consumer: &str, envelope: &Envelope) -> Result<bool> {
    Ok(table.get::<serde_json::Value>(key(consumer, envelope)).await?.is_some())
}
