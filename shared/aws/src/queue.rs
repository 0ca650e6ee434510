//! Queues: publishing events to their listeners, and a worker's own queue.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use events::{Delivery, Envelope, Listener};
use futures::future::{try_join, try_join_all};
use serde_json::json;
use values::{Clock, Error, EventId, Result, Timestamp};

use crate::lazy_client::LazyClient;
use crate::{Aws, Settings, sha256_hex};

/// The longest delay of a message in SQS.
const MAX_DELAY_SECONDS: i64 = 900;
/// The largest batch of SQS.
const MAX_BATCH: usize = 10;
/// The most events in one message to the indexer: some 50 KB, of the 256 KB that SQS accepts.
const MAX_EVENTS_PER_MESSAGE: usize = 100;

/// Publishes events to the queues of their listeners.
#[derive(Debug, Clone)]
pub struct Publisher {
    client: LazyClient<Client>,
    queues: BTreeMap<Listener, String>,
    clock: Clock,
}

impl Publisher {
    /// Uses the queues in the environment.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        let queues = BTreeMap::from([
            (Listener::Orders, Settings.required("SOUK_QUEUE_ORDERS")?),
            (Listener::Payments, Settings.required("SOUK_QUEUE_PAYMENTS")?),
            (Listener::Notifications, Settings.required("SOUK_QUEUE_NOTIFICATIONS")?),
            (Listener::Catalog, Settings.required("SOUK_QUEUE_CATALOG")?),
            (Listener::Privacy, Settings.required("SOUK_QUEUE_PRIVACY")?),
            (Listener::Search, Settings.required("SOUK_QUEUE_SEARCH")?),
        ]);
        Ok(Self { client: aws.lazy_client(Client::new), queues, clock })
    }

    /// Sends every event to its listeners. Returns the events that were not sent; publish them again to all their listeners. Receiving an
    /// event twice is harmless, because listeners decide by state.
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
        let for_indexer = by_queue.remove(&Listener::Search).unwrap_or_default();
        let batches =
            by_queue.iter().flat_map(|(listener, messages)| messages.chunks(MAX_BATCH).map(|batch| (*listener, batch)));
        let sent = try_join_all(batches.map(|(listener, batch)| self.send(listener, batch)));
        let (failed, ()) = try_join(sent, self.send_to_indexer(&for_indexer)).await?;
        Ok(failed.into_iter().flatten().collect())
    }

    /// Sends many events to the indexer as one message: the indexer receives ten messages at a time at most, and every run writes files.
    async fn send_to_indexer(&self, events: &[(&Envelope, i64)]) -> Result<()> {
        for events in events.chunks(MAX_EVENTS_PER_MESSAGE) {
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
        let output = send.await.map_err(|error| Error::unavailable("queue", error))?;
        let failed = output.failed().iter().filter_map(|entry| batch.get(entry.id().parse::<usize>().ok()?));
        Ok(failed.map(|(envelope, _)| envelope.event_id).collect())
    }
}

/// A worker's own queue, for messages that have to be handled later. A copy of a message starts with no receives.
#[derive(Debug, Clone)]
pub struct Queue {
    client: LazyClient<Client>,
    url: String,
    clock: Clock,
}

/// The message attribute that counts the outages a message has met.
pub(crate) const OUTAGES: &str = "outages";
/// The longest delay after an outage. The first delay is a second, and each outage doubles it.
const MAX_OUTAGE_DELAY_SECONDS: i64 = 300;
/// About a day of five-minute delays. After that the message goes to the dead-letter queue.
const MAX_OUTAGES: u32 = 300;

impl Queue {
    /// The queue whose URL is in the environment variable.
    pub fn from_env(aws: &Aws, variable: &'static str, clock: Clock) -> Result<Self> {
        Ok(Self { client: aws.lazy_client(Client::new), url: Settings.required(variable)?, clock })
    }

    /// Sends an event with a delay until `at`, at most 15 minutes.
    pub async fn send_later(&self, envelope: &Envelope, at: Timestamp) -> Result<()> {
        self.send(envelope, delay_until(at, self.clock.now()), 0).await
    }

    /// Sends a message to a FIFO queue, behind the earlier messages of its group.
    pub async fn send_in_order(&self, body: &str, group: &str) -> Result<()> {
        let id: EventId = self.clock.mint();
        let send = self.client.send_message().queue_url(&self.url).message_body(body).message_group_id(group);
        let sent = send.message_deduplication_id(id.to_string()).send().await;
        sent.map(|_| ()).map_err(|error| Error::unavailable("queue", error))
    }

    /// Makes a received message visible again after `seconds`.
    pub async fn set_visibility(&self, receipt: &str, seconds: i32) -> Result<()> {
        let change = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let changed = change.visibility_timeout(seconds).send().await;
        changed.map(|_| ()).map_err(|error| Error::unavailable("queue", error))
    }

    /// Sends an event again after its `outages`-th outage, with a growing delay. Returns false after too many outages.
    pub(crate) async fn postpone(&self, envelope: &Envelope, outages: u32) -> Result<bool> {
        if outages > MAX_OUTAGES {
            return Ok(false);
        }
        let delay = 1i64 << outages.saturating_sub(1).min(16);
        self.send(envelope, delay.min(MAX_OUTAGE_DELAY_SECONDS), outages).await?;
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

/// Whole seconds until `at`, rounded up so that a message does not arrive a fraction too early.
fn delay_until(at: Timestamp, now: Timestamp) -> i64 {
    ((at.millis() - now.millis() + 999) / 1000).clamp(0, MAX_DELAY_SECONDS)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use aws_credential_types::Credentials;
    use aws_sdk_sqs::config::{BehaviorVersion, Config, Region, retry::RetryConfig};

    use super::*;
    use crate::http_client::{TrustedRoots, https_client};

    /// A queue on a server that gives answers with these statuses, one for each call, and writes down the bodies of the calls.
    pub(crate) fn scripted_queue(statuses: &'static [u16]) -> (Queue, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let log = calls.clone();
        std::thread::spawn(move || {
            for status in statuses {
                let (mut caller, _) = listener.accept().unwrap();
                log.lock().unwrap().push(read_body(&caller));
                let (head, body) =
                    ("content-type: application/x-amz-json-1.0\r\nconnection: close", r#"{"MessageId":"m"}"#);
                write!(caller, "HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                    .unwrap();
            }
        });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(https_client(TrustedRoots::Amazon))
            .endpoint_url(&endpoint);
        let client = Client::from_conf(config.build());
        (Queue { client: LazyClient::new(move || client), url: endpoint, clock: Clock::System }, calls)
    }

    fn read_body(caller: &TcpStream) -> String {
        let mut reader = BufReader::new(caller);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(bytes) = line.strip_prefix("content-length:") {
                length = bytes.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    }
}
