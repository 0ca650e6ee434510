//! The outbox: an event is written in the same transaction as the change that it reports. The table's stream delivers it to the
//! relay, which publishes and removes it. Housekeeping finds the events that the stream has lost, by their age. An outbox is divided into
//! shards, so that no partition receives every write of a busy shop.

use events::{Context, Envelope};
use serde::{Deserialize, Serialize};
use telemetry::{SecurityEvent, SecurityKind};
use tracing::error;
use values::{Error, EventId, Id, PageRequest, Result, Timestamp};

use crate::shards::{MAX_SHARDS, all_of};
use crate::{Aws, Key, Query, Table, Write};

/// The outboxes: the variable that names the table, and the context whose events it holds.
const OUTBOXES: [(&str, Context); 4] = [
    ("SOUK_TABLE_IDENTITY", Context::Identity),
    ("SOUK_TABLE_CATALOG", Context::Catalog),
    ("SOUK_TABLE_ORDERS", Context::Orders),
    ("SOUK_TABLE_PAYMENTS", Context::Payments),
];

#[derive(Serialize, Deserialize)]
struct Row {
    event: String,
}

/// A row of an outbox as a query returns it.
#[derive(Deserialize)]
struct StoredRow {
    pk: String,
    sk: String,
    event: String,
}

/// The outbox of a context's table, for the functions that publish.
#[derive(Debug, Clone)]
pub struct Outbox {
    table: Table,
    context: Context,
}

/// An event in an outbox, with the key of its row.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    pub key: Key,
    pub envelope: Envelope,
}

/// The number of partitions of an outbox: `OUTBOX#00` to `OUTBOX#63`, or to `OUTBOX#15` where few events are of orders. It is no setting,
/// because housekeeping reads all of them. Fewer in a later release would hide events.
fn shards_of(context: Context) -> u8 {
    match context {
        Context::Orders | Context::Payments => MAX_SHARDS,
        Context::Identity | Context::Catalog => 16,
    }
}

fn key(envelope: &Envelope) -> Key {
    let shard = envelope.event_id.uuid().as_bytes()[15] % shards_of(envelope.event.context());
    Key::new(format!("OUTBOX#{shard:02}"), envelope.event_id.to_string())
}

/// The write that puts an event into the outbox of `table`.
pub fn put(table: &Table, envelope: &Envelope) -> Result<Write> {
    let event = serde_json::to_string(envelope).map_err(Error::internal)?;
    Write::put(table, key(envelope), &Row { event })
}

/// Parses the event in a row of an outbox.
pub fn read_image(event: &str) -> Result<Envelope> {
    serde_json::from_str(event).map_err(Error::internal)
}

/// Reports an event that the shop did not make: a program that should not write where it was found has written it. No retry helps, so
/// the event is dropped, and a person must find the writer.
pub fn report_forged_event(envelope: &Envelope, reason: &str) {
    error!(
        event.id = %envelope.event_id,
        event.r#type = envelope.event.name(),
        reason,
        "forged event refused"
    );
    let (nobody, detail) = (SecurityEvent::NOBODY, envelope.event.name());
    SecurityEvent::new(SecurityKind::EventForged, nobody, &envelope.subject).with_detail(detail).log();
}

impl Outbox {
    /// The outboxes of all contexts. The tables are named by the environment.
    pub fn all(aws: &Aws) -> Result<Vec<Self>> {
        OUTBOXES.into_iter().map(|(variable, context)| Ok(Self { table: aws.table(variable)?, context })).collect()
    }

    /// The physical name of the table.
    pub fn table_name(&self) -> &str {
        self.table.name()
    }

    /// The number of its partitions, for [`Outbox::pending`].
    pub fn shards(&self) -> u8 {
        all_of(shards_of(self.context))
    }

    /// Does the context of this table make such events? A function that may write to one table must not speak for another context.
    pub fn owns(&self, envelope: &Envelope) -> bool {
        envelope.event.context() == self.context
    }

    /// Removes a published event. It is named by the key of its row, because a row that is not ours may name another event.
    pub async fn remove(&self, event: &StoredEvent) -> Result<()> {
        // Unconditional: a second removal changes nothing.
        Write::delete(&self.table, event.key.clone())
            .run()
            .await?
            .map_err(|_| Error::internal("the condition of an unconditional delete failed"))
    }

    /// Removes an event that this outbox does not own, and reports it as forged. Of several callers, one reports it.
    pub async fn refuse(&self, event: &StoredEvent) -> Result<()> {
        let removed = Write::delete(&self.table, event.key.clone()).when("attribute_exists(pk)").run().await?;
        if removed.is_ok() {
            report_forged_event(&event.envelope, "the outbox belongs to another context");
        }
        Ok(())
    }

    /// The events of one partition that are older than `since`, oldest first, at most 100. Each is a result of its own, because one
    /// that cannot be parsed must not block the others.
    pub async fn pending(&self, shard: u8, since: Timestamp) -> Result<Vec<Result<StoredEvent>>> {
        // Event ids sort by time, so "older than" is a range of the sort key.
        let bound: EventId = Id::from_uuid(oldest_uuid_at(since));
        let query = Query::of(&self.table, format!("OUTBOX#{shard:02}")).before(bound.to_string());
        let page = query.page::<StoredRow>(&PageRequest { limit: 100, after: None }).await?;
        let read =
            |row: StoredRow| Ok(StoredEvent { envelope: read_image(&row.event)?, key: Key::new(row.pk, row.sk) });
        Ok(page.rows.into_iter().map(read).collect())
    }
}

fn oldest_uuid_at(at: Timestamp) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(at.millis().unsigned_abs()) << 80)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use events::{Event, JobDue, PaymentRequested, UserRegistered};
    use serde_json::json;
    use values::{Actor, Clock, Trace};

    use super::*;
    use crate::scripted_table::scripted_table;

    fn stored(event: Event) -> StoredEvent {
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        StoredEvent {
            key: Key::new("OUTBOX#00", "evt_x"),
            envelope: Envelope::new(&Clock::System, &trace, "subject", 1, event),
        }
    }

    fn outbox(table: Table, context: Context) -> Outbox {
        Outbox { table, context }
    }

    #[test]
    fn outbox_owns_only_the_events_of_its_context() {
        let (table, _) = scripted_table(vec![]);
        let clock = Clock::System;
        let events = [
            Event::UserRegistered(UserRegistered { user_id: clock.mint() }),
            Event::ImportUploaded(JobDue { job_id: clock.mint() }),
            Event::PaymentRequested(PaymentRequested { payment_id: clock.mint(), order_id: clock.mint() }),
        ];
        for context in [Context::Identity, Context::Catalog, Context::Orders, Context::Payments] {
            let outbox = outbox(table.clone(), context);
            let owned = events.iter().filter(|event| outbox.owns(&stored((*event).clone()).envelope));
            let contexts: Vec<Context> = owned.map(Event::context).collect();
            let expected = if context == Context::Orders { vec![] } else { vec![context] };
            assert_eq!(contexts, expected);
        }
    }

    #[test]
    fn events_are_stored_where_housekeeping_looks() {
        let (table, _) = scripted_table(vec![]);
        let clock = Clock::System;
        let registered = Event::UserRegistered(UserRegistered { user_id: clock.mint() });
        let requested = Event::PaymentRequested(PaymentRequested { payment_id: clock.mint(), order_id: clock.mint() });
        for (event, context, shards) in [(registered, Context::Identity, 16), (requested, Context::Payments, 64)] {
            assert_eq!(outbox(table.clone(), context).shards(), shards);
            let partition = |byte: u8| {
                let event_id = Id::from_uuid(uuid::Uuid::from_u128(u128::from(byte)));
                key(&Envelope { event_id, ..stored(event.clone()).envelope }).pk
            };
            let used: BTreeSet<String> = (0..=u8::MAX).map(partition).collect();
            let read: BTreeSet<String> = (0..shards).map(|shard| format!("OUTBOX#{shard:02}")).collect();
            assert_eq!(used, read);
        }
    }

    #[tokio::test]
    async fn forged_event_is_removed_even_if_another_caller_was_first() {
        let gone = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" });
        let (table, calls) = scripted_table(vec![(200, json!({})), (400, gone)]);
        let outbox = outbox(table, Context::Catalog);
        let forged = stored(Event::UserRegistered(UserRegistered { user_id: Clock::System.mint() }));
        for _ in 0..2 {
            outbox.refuse(&forged).await.unwrap();
        }
        assert_eq!(*calls.lock().unwrap(), ["deleteitem", "deleteitem"]);
    }
}
