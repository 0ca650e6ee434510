//! Webhooks: every event that happened, where events are delivered to, and how badly.
//!
//! An event is delivered from a task of its own, from the moment of its effect on: it can be there before the answer to
//! the call that caused it, and it is never waited for.

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

/// The version whose shapes `wire.rs` writes.
const API_VERSION: &str = "2023-08-16";

/// Where events go, as `PUT /_fake/webhooks` takes it.
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
    /// For `shuffled`.
    seed: u64,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { mode: DeliveryMode::Prompt, ms: 1_000, seed: 0 }
    }
}

/// What is done about an endpoint that does not answer 2xx. Stripe goes on for three days; a test has less patience.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Retry {
    /// Deliveries in all.
    tries: u32,
    /// The first pause; each one after it is twice as long.
    first_ms: u64,
    /// How long an answer is waited for.
    timeout_ms: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 6, first_ms: 500, timeout_ms: 10_000 }
    }
}

impl Endpoint {
    /// # Errors
    /// What is wrong with it, for whoever sent it.
    pub(crate) fn check(&self) -> Result<(), String> {
        let uri: Uri = self.url.parse().map_err(|error| format!("url: {error}"))?;
        if uri.scheme() != Some(&Scheme::HTTP) || uri.host().is_none() {
            return Err("url: the courier goes to plain http addresses only".to_owned());
        }
        if self.secret.is_empty() {
            return Err("secret: without one nothing can be signed".to_owned());
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
    /// None if nobody listened.
    mode: Option<DeliveryMode>,
    deliveries: Vec<Attempt>,
    /// As it is sent, each time the same.
    #[serde(skip)]
    body: String,
}

/// A delivery that was tried.
#[derive(Debug, Serialize)]
struct Attempt {
    at_ms: u64,
    /// None if no answer came.
    status: Option<u16>,
}

#[derive(Debug, Default)]
struct State {
    endpoint: Option<Endpoint>,
    /// How often an endpoint was taken away: what was due to it is not delivered to the next one.
    endpoint_generation: u64,
    random: fastrand::Rng,
    events: Vec<Event>,
    positions: HashMap<String, usize>,
    /// Deliveries on their way: held back, or tried until they succeed or are given up.
    pending: usize,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Webhooks {
    sender: WebhookSender,
    state: Mutex<State>,
}

impl Webhooks {
    pub(crate) fn new() -> Self {
        Self { sender: WebhookSender::new(), state: Mutex::default() }
    }

    /// From now on events go there, also those that are still held back.
    pub(crate) fn set_endpoint(&self, endpoint: Endpoint) {
        let mut state = lock(&self.state);
        state.random = fastrand::Rng::with_seed(endpoint.delivery.seed);
        state.endpoint = Some(endpoint);
    }

    /// Nobody listens any more.
    pub(crate) fn remove_endpoint(&self) {
        let mut state = lock(&self.state);
        state.endpoint_generation += 1;
        state.endpoint = None;
    }

    /// The endpoint, what is still to come, and what happened: to one order, or all of it.
    pub(crate) fn read(&self, order_id: Option<&str>) -> Value {
        let state = lock(&self.state);
        let is_selected = |event: &&Event| order_id.is_none() || event.order_id.as_deref() == order_id;
        let events: Vec<&Event> = state.events.iter().filter(is_selected).collect();
        json!({ "endpoint": state.endpoint, "pending": state.pending, "events": events })
    }

    /// An event as it is sent.
    pub(crate) fn body(&self, id: &str) -> Option<String> {
        let state = lock(&self.state);
        state.events.get(*state.positions.get(id)?).map(|event| event.body.clone())
    }

    /// Writes the events down and sends them on their way.
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

    /// Delivers an event once more, now and once: the status of the answer. None if there is no such event or nobody
    /// listens.
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
            // Nobody there any more is the end, and so is success.
            match self.attempt(position, endpoint_generation).await {
                None | Some(Some(200..300)) => break,
                Some(_) if left > 0 => tokio::time::sleep(pause).await,
                Some(_) => {}
            }
            pause *= 2;
        }
        lock(&self.state).pending -= 1;
    }

    /// One delivery; none if the endpoint was taken away meanwhile.
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
    /// When an event is to be delivered, and by which mode; none if nobody listens.
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
        let card_delivery = card_delivery.map(|card_delivery| CardDelivery::parse(card_delivery).expect("a hook"));
        let mut state = lock(&webhooks.state);
        let mut plan = || state.plan(card_delivery).expect("somebody listens").1;
        (0..events).map(|_| plan().iter().map(Duration::as_millis).collect()).collect()
    }

    #[test]
    fn a_mode_says_when_and_how_often() {
        assert_eq!(pauses(json!({}), None, 1), [[0]]);
        assert_eq!(pauses(json!({ "mode": "late", "ms": 70 }), None, 1), [[70]]);
        assert_eq!(pauses(json!({ "mode": "twice", "ms": 70 }), None, 1), [[0, 70]]);
        assert_eq!(pauses(json!({ "mode": "never" }), None, 1), [[0; 0]]);
        assert_eq!(pauses(json!({ "mode": "never", "ms": 70 }), Some("late"), 1), [[70]], "the card's word goes first");
        assert_eq!(pauses(json!({ "ms": 70 }), Some("twice_5ms_card17"), 1), [[0, 5]]);
    }

    #[test]
    fn a_seed_shuffles_in_its_own_way_each_time() {
        let shuffled = |seed| pauses(json!({ "mode": "shuffled", "ms": 5_000, "seed": seed }), None, 8);
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        assert!(!shuffled(1).is_sorted(), "what happens later may come first");
        assert!(shuffled(1).iter().flatten().all(|pause| *pause <= 5_000));
    }

    #[test]
    fn an_endpoint_is_a_plain_address_with_a_secret() {
        let endpoint = |url: &str, secret: &str| {
            serde_json::from_value::<Endpoint>(json!({ "url": url, "secret": secret })).expect("read").check()
        };
        assert_eq!(endpoint("http://127.0.0.1:80/x", "s"), Ok(()));
        for (url, secret) in [("https://a.example/", "s"), ("/hooks", "s"), ("http://a b/", "s"), ("http://a/", "")] {
            assert!(endpoint(url, secret).is_err(), "{url}, {secret}");
        }
    }
}
