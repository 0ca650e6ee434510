//! Publishing: events to the queues of whoever listens to them.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use events::{Delivery, Envelope, Listener};
use futures::future::{try_join, try_join_all};
use serde_json::json;
use values::{Clock, Error, EventId, Result, Timestamp};

use crate::{Aws, Settings, sha256_hex};

/// The longest that SQS delays a message.
const LONGEST_DELAY_SECONDS: i64 = 900;
/// SQS's bound for one batch.
const BATCH: usize = 10;
/// Events in a message to the index: some 50 KB, of the 256 that SQS takes.
const MOST_TOGETHER: usize = 100;

/// The queues of souk.
#[derive(Debug, Clone)]
pub struct Publisher {
    client: Client,
    queues: BTreeMap<Listener, String>,
    clock: Clock,
}

impl Publisher {
    /// The queues that the environment names.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        let queues = BTreeMap::from([
            (Listener::Orders, Settings.required("SOUK_QUEUE_ORDERS")?),
            (Listener::Payments, Settings.required("SOUK_QUEUE_PAYMENTS")?),
            (Listener::Notifications, Settings.required("SOUK_QUEUE_NOTIFICATIONS")?),
            (Listener::Catalog, Settings.required("SOUK_QUEUE_CATALOG")?),
            (Listener::Privacy, Settings.required("SOUK_QUEUE_PRIVACY")?),
            (Listener::Search, Settings.required("SOUK_QUEUE_SEARCH")?),
        ]);
        Ok(Self { client: Client::new(aws.config()), queues, clock })
    }

    /// Sends every event to every listener and tells which events did not get through; those are to be sent again, to
    /// all their listeners: they decide by state, so that is harmless.
    pub async fn publish(&self, envelopes: &[Envelope]) -> Result<HashSet<EventId>> {
        let mut by_queue: BTreeMap<Listener, Vec<(&Envelope, i64)>> = BTreeMap::new();
        let now = self.clock.now();
        for envelope in envelopes {
            for delivery in envelope.event.deliveries() {
                let (listener, delay) = match delivery {
                    Delivery::Now(listener) => (listener, 0),
                    Delivery::NotBefore(listener, at) => (listener, delay_until(at, now)),
                };
                by_queue.entry(listener).or_default().push((envelope, delay));
            }
        }
        let together = by_queue.remove(&Listener::Search).unwrap_or_default();
        let batches =
            by_queue.iter().flat_map(|(listener, messages)| messages.chunks(BATCH).map(|batch| (*listener, batch)));
        let sent = try_join_all(batches.map(|(listener, batch)| self.send(listener, batch)));
        let (lost, ()) = try_join(sent, self.send_together(&together)).await?;
        Ok(lost.into_iter().flatten().collect())
    }

    /// Sends events to the index as one message: its one writer takes ten messages at a time at most, and every turn of it
    /// writes files.
    async fn send_together(&self, events: &[(&Envelope, i64)]) -> Result<()> {
        for events in events.chunks(MOST_TOGETHER) {
            let events: Vec<&Envelope> = events.iter().map(|(envelope, _)| *envelope).collect();
            let ids: String = events.iter().map(|envelope| envelope.event_id.to_string()).collect();
            let body = serde_json::to_string(&json!({ "events": events })).map_err(Error::internal)?;
            let url = self.queues.get(&Listener::Search).cloned().unwrap_or_default();
            let send = self.client.send_message().queue_url(url).message_body(body).message_group_id("index");
            let send = send.message_deduplication_id(sha256_hex(ids.as_bytes())).send();
            send.await.map_err(|error| Error::unavailable("queue", error))?;
        }
        Ok(())
    }

    async fn send(&self, listener: Listener, batch: &[(&Envelope, i64)]) -> Result<Vec<EventId>> {
        let mut entries = Vec::with_capacity(batch.len());
        for (index, (envelope, delay)) in batch.iter().enumerate() {
            let body = serde_json::to_string(envelope).map_err(Error::internal)?;
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body);
            let entry = entry.delay_seconds(i32::try_from(*delay).unwrap_or(0)).build();
            entries.push(entry.map_err(Error::internal)?);
        }
        let url = self.queues.get(&listener).cloned().unwrap_or_default();
        let send = self.client.send_message_batch().queue_url(url).set_entries(Some(entries)).send();
        let answer = send.await.map_err(|error| Error::unavailable("queue", error))?;
        let lost = answer.failed().iter().filter_map(|failed| batch.get(failed.id().parse::<usize>().ok()?));
        Ok(lost.map(|(envelope, _)| envelope.event_id).collect())
    }
}

/// The queue that a worker consumes, to send on what is not to be handled now. A copy begins with no receives.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
    clock: Clock,
}

/// How often a message has met an outage: the attribute its copies carry.
pub(crate) const OUTAGES: &str = "outages";
/// A second, doubled with every outage, and not more than this.
const LONGEST_PAUSE_SECONDS: i64 = 300;
/// Five-minute pauses for a day; after that somebody has to look.
const MOST_OUTAGES: u32 = 300;

impl Queue {
    /// The queue whose URL the variable holds.
    pub fn from_env(aws: &Aws, variable: &'static str, clock: Clock) -> Result<Self> {
        Ok(Self { client: Client::new(aws.config()), url: Settings.required(variable)?, clock })
    }

    /// Sends an event on, not to come before that moment.
    pub async fn send_later(&self, envelope: &Envelope, at: Timestamp) -> Result<()> {
        self.send(envelope, delay_until(at, self.clock.now()), 0).await
    }

    /// Sends a text into a FIFO queue, behind whatever its group has to do.
    pub async fn send_in_order(&self, body: &str, group: &str) -> Result<()> {
        let id: EventId = self.clock.mint();
        let send = self.client.send_message().queue_url(&self.url).message_body(body).message_group_id(group);
        let sent = send.message_deduplication_id(id.to_string()).send().await;
        sent.map(|_| ()).map_err(|error| Error::unavailable("queue", error))
    }

    /// Has a message that was received come again after so many seconds.
    pub async fn release(&self, receipt: &str, seconds: i32) -> Result<()> {
        let change = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let changed = change.visibility_timeout(seconds).send().await;
        changed.map(|_| ()).map_err(|error| Error::unavailable("queue", error))
    }

    /// Sends on an event that met its `outages`-th outage, with a growing pause; false when that went on for too long.
    pub(crate) async fn postpone(&self, envelope: &Envelope, outages: u32) -> Result<bool> {
        if outages > MOST_OUTAGES {
            return Ok(false);
        }
        let pause = 1i64 << outages.saturating_sub(1).min(16);
        self.send(envelope, pause.min(LONGEST_PAUSE_SECONDS), outages).await?;
        Ok(true)
    }

    async fn send(&self, envelope: &Envelope, delay: i64, outages: u32) -> Result<()> {
        let body = serde_json::to_string(envelope).map_err(Error::internal)?;
        let mut send = self.client.send_message().queue_url(&self.url).message_body(body);
        if outages > 0 {
            let count = MessageAttributeValue::builder().data_type("Number").string_value(outages.to_string());
            send = send.message_attributes(OUTAGES, count.build().map_err(Error::internal)?);
        }
        let sent = send.delay_seconds(i32::try_from(delay).unwrap_or(0)).send().await;
        sent.map(|_| ()).map_err(|error| Error::unavailable("queue", error))
    }
}

/// Whole seconds until `at`, rounded up so that a hint does not come too early by a fraction.
fn delay_until(at: Timestamp, now: Timestamp) -> i64 {
    ((at.millis() - now.millis() + 999) / 1000).clamp(0, LONGEST_DELAY_SECONDS)
}
