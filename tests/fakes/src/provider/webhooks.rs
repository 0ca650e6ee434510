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

use super::courier::{Courier, signature};
use super::ids::Ids;
use super::news::News;
use crate::{lock, now_ms};

/// The version whose shapes `wire.rs` writes.
const API_VERSION: &str = "2023-08-16";

/// How events are delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// At once.
    #[default]
    Prompt,
    /// After `ms`.
    Late,
    /// At once, and once more after `ms`.
    Twice,
    /// Each is held back for a time of its own, drawn between nothing and `ms`.
    Shuffled,
    /// They are written down only.
    Never,
}

/// How the events of one card's payments are delivered; `ms` is the endpoint's if absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) mode: Mode,
    pub(crate) ms: Option<u64>,
}

impl Hook {
    /// Reads `late`, `late_800ms`, `late_800ms_anything` and `late_anything`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mode, rest) = text.split_once('_').unwrap_or((text, ""));
        let mode = match mode {
            "prompt" => Mode::Prompt,
            "late" => Mode::Late,
            "twice" => Mode::Twice,
            "shuffled" => Mode::Shuffled,
            "never" => Mode::Never,
            _ => return None,
        };
        let ms = rest.split('_').next().and_then(|ms| ms.strip_suffix("ms")?.parse().ok());
        Some(Self { mode, ms })
    }
}

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
    mode: Mode,
    ms: u64,
    /// For `shuffled`.
    seed: u64,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { mode: Mode::Prompt, ms: 1_000, seed: 0 }
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
    mode: Option<Mode>,
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
    era: u64,
    random: fastrand::Rng,
    events: Vec<Event>,
    numbers: HashMap<String, usize>,
    /// Deliveries on their way: held back, or tried until they succeed or are given up.
    pending: usize,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Webhooks {
    courier: Courier,
    state: Mutex<State>,
}

impl Webhooks {
    pub(crate) fn new() -> Self {
        Self { courier: Courier::new(), state: Mutex::default() }
    }

    /// From now on events go there, also those that are still held back.
    pub(crate) fn listen(&self, endpoint: Endpoint) {
        let mut state = lock(&self.state);
        state.random = fastrand::Rng::with_seed(endpoint.delivery.seed);
        state.endpoint = Some(endpoint);
    }

    /// Nobody listens any more.
    pub(crate) fn turn_off(&self) {
        let mut state = lock(&self.state);
        state.era += 1;
        state.endpoint = None;
    }

    /// The endpoint, what is still to come, and what happened: to one order, or all of it.
    pub(crate) fn read(&self, order_id: Option<&str>) -> Value {
        let state = lock(&self.state);
        let fits = |event: &&Event| order_id.is_none() || event.order_id.as_deref() == order_id;
        let events: Vec<&Event> = state.events.iter().filter(fits).collect();
        json!({ "endpoint": state.endpoint, "pending": state.pending, "events": events })
    }

    /// An event as it is sent.
    pub(crate) fn body(&self, id: &str) -> Option<String> {
        let state = lock(&self.state);
        state.events.get(*state.numbers.get(id)?).map(|event| event.body.clone())
    }

    /// Writes the events down and sends them on their way.
    pub(crate) fn publish(self: &Arc<Self>, ids: &mut Ids, news: Vec<News>) {
        let mut state = lock(&self.state);
        for news in news {
            let (mode, pauses) = state.plan(news.hook).unzip();
            let number = state.write_down(ids.next("evt"), news, mode);
            for pause in pauses.unwrap_or_default() {
                state.pending += 1;
                tokio::spawn(Arc::clone(self).deliver(number, state.era, pause));
            }
        }
    }

    /// Delivers an event once more, now and once: the status of the answer. None if there is no such event or nobody
    /// listens.
    pub(crate) async fn replay(&self, id: &str) -> Option<Option<u16>> {
        let (number, era) = {
            let state = lock(&self.state);
            (*state.numbers.get(id)?, state.era)
        };
        self.attempt(number, era).await
    }

    async fn deliver(self: Arc<Self>, number: usize, era: u64, pause: Duration) {
        tokio::time::sleep(pause).await;
        let retry = lock(&self.state).endpoint.as_ref().map(|endpoint| endpoint.retry).unwrap_or_default();
        let mut pause = Duration::from_millis(retry.first_ms);
        for left in (0..retry.tries).rev() {
            // Nobody there any more is the end, and so is success.
            match self.attempt(number, era).await {
                None | Some(Some(200..300)) => break,
                Some(_) if left > 0 => tokio::time::sleep(pause).await,
                Some(_) => {}
            }
            pause *= 2;
        }
        lock(&self.state).pending -= 1;
    }

    /// One delivery; none if the endpoint was taken away meanwhile.
    async fn attempt(&self, number: usize, era: u64) -> Option<Option<u16>> {
        let (endpoint, body) = {
            let state = lock(&self.state);
            let endpoint = state.endpoint.clone().filter(|_| state.era == era)?;
            (endpoint, state.events.get(number)?.body.clone())
        };
        let (at_ms, patience) = (now_ms(), Duration::from_millis(endpoint.retry.timeout_ms));
        let signature = signature(&endpoint.secret, at_ms / 1000, &body);
        let status = self.courier.carry(&endpoint.url.parse().ok()?, signature, body, patience).await;
        if let Some(event) = lock(&self.state).events.get_mut(number) {
            event.deliveries.push(Attempt { at_ms, status });
        }
        Some(status)
    }
}

impl State {
    /// When an event is to be delivered, and by which mode; none if nobody listens.
    fn plan(&mut self, hook: Option<Hook>) -> Option<(Mode, Vec<Duration>)> {
        let delivery = self.endpoint.as_ref()?.delivery;
        let mode = hook.map_or(delivery.mode, |hook| hook.mode);
        let ms = hook.and_then(|hook| hook.ms).unwrap_or(delivery.ms);
        let pauses = match mode {
            Mode::Prompt => vec![0],
            Mode::Late => vec![ms],
            Mode::Twice => vec![0, ms],
            Mode::Shuffled => vec![self.random.u64(0..=ms)],
            Mode::Never => Vec::new(),
        };
        Some((mode, pauses.into_iter().map(Duration::from_millis).collect()))
    }

    fn write_down(&mut self, id: String, news: News, mode: Option<Mode>) -> usize {
        let number = self.events.len();
        let created = now_ms() / 1000;
        let body = json!({
            "id": id,
            "object": "event",
            "api_version": API_VERSION,
            "created": created,
            "type": news.kind,
            "livemode": false,
            "data": { "object": news.object },
        });
        self.numbers.insert(id.clone(), number);
        self.events.push(Event {
            id,
            r#type: news.kind,
            created,
            object_id: news.object["id"].as_str().unwrap_or_default().to_owned(),
            intent_id: news.intent_id,
            order_id: news.order_id,
            mode,
            deliveries: Vec::new(),
            body: body.to_string(),
        });
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(delivery: Value, hook: Option<&str>, events: usize) -> Vec<Vec<u128>> {
        let webhooks = Webhooks::new();
        let endpoint = json!({ "url": "http://127.0.0.1:1/hooks", "secret": "s", "delivery": delivery });
        webhooks.listen(serde_json::from_value(endpoint).expect("an endpoint"));
        let hook = hook.map(|hook| Hook::parse(hook).expect("a hook"));
        let mut state = lock(&webhooks.state);
        let mut plan = || state.plan(hook).expect("somebody listens").1;
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
