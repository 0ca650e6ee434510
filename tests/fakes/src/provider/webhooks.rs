//! Webhooks: all events, the endpoint, and when events are delivered.
//!
//! Each event is delivered by a separate task that starts at the event's effect. It can arrive before the response to the call that
//! caused it, and calls do not wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{Uri, uri::Scheme};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::delivery::{CardDelivery, DeliveryMode};
use super::ids::Ids;
use super::webhook_events::WebhookEvent;
use super::webhook_sender::{WebhookSender, signature};
use crate::{lock, now_ms};

/// The version of the objects in `wire.rs`.
const API_VERSION: &str = "2023-08-16";

/// The endpoint, as `PUT /_fake/webhooks` reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    url: String,
    secret: String,
    #[serde(default)]
    delivery: Delivery,
    #[serde(default)]
    retry: Retry,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Delivery {
    mode: DeliveryMode,
    ms: u64,
    /// The seed of the delays of `shuffled`.
    seed: u64,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { mode: DeliveryMode::Prompt, ms: 1_000, seed: 0 }
    }
}

/// How deliveries without a 2xx response are retried. Stripe retries for three days; a test has less time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Retry {
    /// The maximum number of deliveries.
    tries: u32,
    /// The first pause in milliseconds. Each later pause is twice as long.
    first_ms: u64,
    /// How long a delivery waits for the response, in milliseconds.
    timeout_ms: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 6, first_ms: 500, timeout_ms: 10_000 }
    }
}

impl Endpoint {
    /// # Errors
    /// If the endpoint is invalid. The message is for the caller.
    pub(crate) fn check(&self) -> Result<(), String> {
        let uri: Uri = self.url.parse().map_err(|error| format!("url: {error}"))?;
        if uri.scheme() != Some(&Scheme::HTTP) || uri.host().is_none() {
            return Err("url: must be an http URL".to_owned());
        }
        if self.secret.is_empty() {
            return Err("secret: must not be empty, because it signs the events".to_owned());
        }
        Ok(())
    }
}

#[derive(Debug, Serialize)]
struct Event {
    id: String,
    r#type: &'static str,
    created: u64,
    object_id: String,
    intent_id: String,
    order_id: Option<String>,
    /// None if there was no endpoint.
    mode: Option<DeliveryMode>,
    deliveries: Vec<Attempt>,
    /// The request body, the same for each delivery.
    #[serde(skip)]
    body: String,
}

/// An attempted delivery.
#[derive(Debug, Serialize)]
struct Attempt {
    at_ms: u64,
    /// None if there was no response.
    status: Option<u16>,
}

#[derive(Debug, Default)]
struct State {
    endpoint: Option<Endpoint>,
    /// The number of removed endpoints. Pending deliveries of a removed endpoint are not sent to the next one.
    endpoint_generation: u64,
    random: fastrand::Rng,
    events: Vec<Event>,
    positions: HashMap<String, usize>,
    /// The number of deliveries that are delayed or being retried.
    pending: usize,
}

/// The webhooks of a provider.
#[derive(Debug)]
pub(crate) struct Webhooks {
    sender: WebhookSender,
    state: Mutex<State>,
}

impl Webhooks {
    pub(crate) fn new() -> Self {
        Self { sender: WebhookSender::new(), state: Mutex::default() }
    }

    /// Sets the endpoint. Delayed events are sent to it, too.
    pub(crate) fn set_endpoint(&self, endpoint: Endpoint) {
        let mut state = lock(&self.state);
        state.random = fastrand::Rng::with_seed(endpoint.delivery.seed);
        state.endpoint = Some(endpoint);
    }

    /// Removes the endpoint.
    pub(crate) fn remove_endpoint(&self) {
        let mut state = lock(&self.state);
        state.endpoint_generation += 1;
        state.endpoint = None;
    }

    /// The endpoint, the number of pending deliveries, and the events of one order or of all.
    pub(crate) fn read(&self, order_id: Option<&str>) -> Value {
        let state = lock(&self.state);
        let is_selected = |event: &&Event| order_id.is_none() || event.order_id.as_deref() == order_id;
        let events: Vec<&Event> = state.events.iter().filter(is_selected).collect();
        json!({ "endpoint": state.endpoint, "pending": state.pending, "events": events })
    }

    /// The request body of an event.
    pub(crate) fn body(&self, id: &str) -> Option<String> {
        let state = lock(&self.state);
        state.events.get(*state.positions.get(id)?).map(|event| event.body.clone())
    }

    /// Records events and starts their deliveries.
    pub(crate) fn publish(self: &Arc<Self>, ids: &mut Ids, events: Vec<WebhookEvent>) {
        let mut state = lock(&self.state);
        for event in events {
            let (mode, pauses) = state.plan(event.card_delivery).unzip();
            let position = state.record(ids.next("evt"), event, mode);
            for pause in pauses.unwrap_or_default() {
                state.pending += 1;
                tokio::spawn(Arc::clone(self).deliver(position, state.endpoint_generation, pause));
            }
        }
    }

    /// Delivers an event once more, without retries, and returns the response's status. None if there is no such event or no
    /// endpoint.
    pub(crate) async fn replay(&self, id: &str) -> Option<Option<u16>> {
        let (position, endpoint_generation) = {
            let state = lock(&self.state);
            (*state.positions.get(id)?, state.endpoint_generation)
        };
        self.attempt(position, endpoint_generation).await
    }

    async fn deliver(self: Arc<Self>, position: usize, endpoint_generation: u64, pause: Duration) {
        tokio::time::sleep(pause).await;
        let retry = lock(&self.state).endpoint.as_ref().map(|endpoint| endpoint.retry).unwrap_or_default();
        let mut pause = Duration::from_millis(retry.first_ms);
        for left in (0..retry.tries).rev() {
            // A removed endpoint or a success ends the retries.
            match self.attempt(position, endpoint_generation).await {
                None | Some(Some(200..300)) => break,
                Some(_) if left > 0 => tokio::time::sleep(pause).await,
                Some(_) => {}
            }
            pause *= 2;
        }
        lock(&self.state).pending -= 1;
    }

    /// Delivers once. None if the endpoint has been removed.
    async fn attempt(&self, position: usize, endpoint_generation: u64) -> Option<Option<u16>> {
        let (endpoint, body) = {
            let state = lock(&self.state);
            let endpoint = state.endpoint.clone().filter(|_| state.endpoint_generation == endpoint_generation)?;
            (endpoint, state.events.get(position)?.body.clone())
        };
        let (at_ms, timeout) = (now_ms(), Duration::from_millis(endpoint.retry.timeout_ms));
        let signature = signature(&endpoint.secret, at_ms / 1000, &body);
        let status = self.sender.send(&endpoint.url.parse().ok()?, signature, body, timeout).await;
        if let Some(event) = lock(&self.state).events.get_mut(position) {
            event.deliveries.push(Attempt { at_ms, status });
        }
        Some(status)
    }
}

impl State {
    /// The mode and the delays of an event's deliveries. None if there is no endpoint.
    fn plan(&mut self, card_delivery: Option<CardDelivery>) -> Option<(DeliveryMode, Vec<Duration>)> {
        let delivery = self.endpoint.as_ref()?.delivery;
        let mode = card_delivery.map_or(delivery.mode, |card_delivery| card_delivery.mode);
        let ms = card_delivery.and_then(|card_delivery| card_delivery.ms).unwrap_or(delivery.ms);
        let pauses = match mode {
            DeliveryMode::Prompt => vec![0],
            DeliveryMode::Late => vec![ms],
            DeliveryMode::Twice => vec![0, ms],
            DeliveryMode::Shuffled => vec![self.random.u64(0..=ms)],
            DeliveryMode::Never => Vec::new(),
        };
        Some((mode, pauses.into_iter().map(Duration::from_millis).collect()))
    }

    fn record(&mut self, id: String, event: WebhookEvent, mode: Option<DeliveryMode>) -> usize {
        let position = self.events.len();
        let created = now_ms() / 1000;
        let body = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": created,
            "type": event.kind,
            "livemode": false,
            "data": { "object": event.object },
        });
        self.positions.insert(id.clone(), position);
        self.events.push(Event {
            id,
            r#type: event.kind,
            created,
            object_id: event.object["id"].as_str().unwrap_or_default().to_owned(),
            intent_id: event.intent_id,
            order_id: event.order_id,
            mode,
            deliveries: Vec::new(),
            body: body.to_string(),
        });
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(delivery: Value, card_delivery: Option<&str>, events: usize) -> Vec<Vec<u128>> {
        let webhooks = Webhooks::new();
        let endpoint = json!({ "url": "http://127.0.0.1:1/hooks", "secret": "s", "delivery": delivery });
        webhooks.set_endpoint(serde_json::from_value(endpoint).expect("an endpoint"));
        let card_delivery = card_delivery.map(|card_delivery| CardDelivery::parse(card_delivery).expect("a delivery"));
        let mut state = lock(&webhooks.state);
        let mut plan = || state.plan(card_delivery).expect("an endpoint").1;
        (0..events).map(|_| plan().iter().map(Duration::as_millis).collect()).collect()
    }

    #[test]
    fn mode_decides_when_and_how_often_events_are_delivered() {
        assert_eq!(pauses(json!({}), None, 1), [[0]]);
        assert_eq!(pauses(json!({ "mode": "late", "ms": 70 }), None, 1), [[70]]);
        assert_eq!(pauses(json!({ "mode": "twice", "ms": 70 }), None, 1), [[0, 70]]);
        assert_eq!(pauses(json!({ "mode": "never" }), None, 1), [[0; 0]]);
        assert_eq!(
            pauses(json!({ "mode": "never", "ms": 70 }), Some("late"), 1),
            [[70]],
            "the card overrides the endpoint"
        );
        assert_eq!(pauses(json!({ "ms": 70 }), Some("twice_5ms_card17"), 1), [[0, 5]]);
    }

    #[test]
    fn same_seed_shuffles_in_the_same_way() {
        let shuffled = |seed| pauses(json!({ "mode": "shuffled", "ms": 5_000, "seed": seed }), None, 8);
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        assert!(!shuffled(1).is_sorted(), "a later event may arrive first");
        assert!(shuffled(1).iter().flatten().all(|pause| *pause <= 5_000));
    }

    #[test]
    fn endpoint_is_an_http_url_with_a_secret() {
        let endpoint = |url: &str, secret: &str| {
            serde_json::from_value::<Endpoint>(json!({ "url": url, "secret": secret }))
                .expect("a valid document")
                .check()
        };
        assert_eq!(endpoint("http://127.0.0.1:80/x", "s"), Ok(()));
        for (url, secret) in [("https://a.example/", "s"), ("/hooks", "s"), ("http://a b/", "s"), ("http://a/", "")] {
            assert!(endpoint(url, secret).is_err(), "{url}, {secret}");
        }
    }
}
