//! The fake payment provider's control plane: its books, which are the judge of charges, and faults to order.

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{EVENTUALLY, Order, SOON, Stack, await_until, unique};

/// The provider's other door.
#[derive(Debug, Clone)]
pub struct Provider {
    http: Client,
    url: String,
}

/// What the books say about one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Payment intents that were made.
    pub intents: u32,
    /// Times that money was held.
    pub authorised: u32,
    /// Times that a card was refused.
    pub declined: u32,
    /// Times that money was taken.
    pub captured: u32,
    /// Times that held money was let go.
    pub voided: u32,
    /// Times that money was given back.
    pub refunded: u32,
    /// Payment intents that were given up.
    pub cancelled: u32,
    /// Minor units.
    pub authorised_amount: u64,
    /// Minor units.
    pub captured_amount: u64,
    /// Minor units that are held now.
    pub held_amount: u64,
    /// Minor units.
    pub refunded_amount: u64,
}

impl Provider {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), url: stack.payment_provider_url.clone() }
    }

    /// The books about one order: `intents`, `refunds`, `orders`, `requests`.
    pub async fn books(&self, order: &Order) -> Value {
        let url = format!("{}/_fake/books?order_id={}", self.url, order.id());
        let response = self.http.get(url).send().await.unwrap_or_else(|error| panic!("the provider is up: {error}"));
        response.json().await.unwrap_or_else(|error| panic!("the books can be read: {error}"))
    }

    /// The sums of one order.
    pub async fn tally(&self, order: &Order) -> Tally {
        let books = self.books(order).await;
        serde_json::from_value(books["orders"][order.id()].clone()).unwrap_or_default()
    }

    /// Fails unless the order was charged once: money held once, taken once, all of it, and nothing given back.
    pub async fn charged_once(&self, order: &Order) {
        let tally = self.tally(order).await;
        let seen = (tally.authorised, tally.captured, tally.voided, tally.refunded, tally.captured_amount);
        assert_eq!(
            seen,
            (1, 1, 0, 0, order.total()),
            "exactly one charge of {}: {:#}",
            order.total(),
            self.books(order).await
        );
    }

    /// Fails unless the order was charged once, and that was given back by so many refunds, to the last cent.
    pub async fn refunded_in_full(&self, order: &Order, refunds: u32) {
        let tally = self.tally(order).await;
        let seen = (tally.captured, tally.captured_amount, tally.refunded, tally.refunded_amount, tally.held_amount);
        let due = (1, order.total(), refunds, order.total(), 0);
        assert_eq!(seen, due, "charged once, and given back: {:#}", self.books(order).await);
    }

    /// Fails if money was held or taken.
    pub async fn charged_nothing(&self, order: &Order) {
        let tally = self.tally(order).await;
        assert_eq!(tally.authorised, tally.voided, "what was held is let go: {:#}", self.books(order).await);
        assert_eq!(tally.captured, 0, "nothing was taken: {:#}", self.books(order).await);
    }

    /// Waits until the provider holds the order's money, whether souk knows it or not.
    pub async fn awaits_authorisation(&self, order: &Order) {
        await_until(format_args!("the money for {} is held", order.id()), SOON, async || {
            let tally = self.tally(order).await;
            if tally.authorised > 0 { Ok(()) } else { Err(format!("{tally:?}")) }
        })
        .await
    }

    /// A good card of the caller's own, with which requests of that path go wrong so often. No webhook helps out.
    pub async fn card_failing(&self, path: &str, kind: &str, times: u32) -> String {
        let card = format!("{}_hook_never", unique("pm_test_ok_"));
        let target = json!({ "method": "POST", "path_contains": path, "card": card });
        self.fails(&json!({ "match": target, "kind": kind, "times": times })).await;
        card
    }

    /// Somebody in the provider's dashboard, or its own clock, lets go what is held for an order.
    pub async fn voids_at_provider(&self, order: &Order) {
        let books = self.books(order).await;
        let intent = books["intents"][0]["id"].as_str().unwrap_or_else(|| panic!("there is an intent: {books:#}"));
        let request = self.http.post(format!("{}/v1/payment_intents/{intent}/cancel", self.url));
        let status =
            request.bearer_auth("sk_test_of_the_dashboard").send().await.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200)), "the provider cancels {intent}: {status:?}");
    }

    /// The bank's page for the customer: they do what it asks for, or fail. Whether there was anything left to do.
    pub async fn authenticates(&self, payment: &Value, outcome: &str) -> bool {
        let url = payment["nextAction"]["url"].as_str();
        let url = url.unwrap_or_else(|| panic!("a payment that asks for something says where: {payment}"));
        let response = self.http.get(format!("{url}?outcome={outcome}")).send().await;
        let status = response.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200 | 409)), "the bank's page is there: {status:?}");
        matches!(status, Ok(200))
    }

    /// What happened to an order, as the provider tells its listeners: the events, and how each was delivered.
    pub async fn webhooks(&self, order: &Order) -> Vec<Value> {
        let url = format!("{}/_fake/webhooks?order_id={}", self.url, order.id());
        let response = self.http.get(url).send().await.unwrap_or_else(|error| panic!("the provider is up: {error}"));
        let listed: Value = response.json().await.unwrap_or_else(|error| panic!("the webhooks can be read: {error}"));
        listed["events"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until every event of an order was delivered as often as it is to be, and taken.
    pub async fn awaits_webhooks(&self, order: &Order) -> Vec<Value> {
        await_until(format_args!("the webhooks of {} have come", order.id()), EVENTUALLY, async || {
            let events = self.webhooks(order).await;
            let all_here = events.iter().all(|event| {
                let taken = event["deliveries"].as_array().into_iter().flatten();
                let taken = taken.filter(|delivery| delivery["status"] == 200).count();
                match event["mode"].as_str() {
                    Some("never") => true,
                    Some("twice") => taken >= 2,
                    _ => taken >= 1,
                }
            });
            if !events.is_empty() && all_here { Ok(events) } else { Err(format!("{events:#?}")) }
        })
        .await
    }

    /// Delivers an event once more, whatever became of it before; how that was answered.
    pub async fn replays(&self, event: &Value) -> Value {
        let request = self.http.post(format!("{}/_fake/webhooks/replay", self.url));
        let response = request.json(&json!({ "event_id": event["id"] })).send().await;
        let response = response.unwrap_or_else(|error| panic!("the provider is up: {error}"));
        let told: Value = response.json().await.unwrap_or_else(|error| panic!("it tells of the delivery: {error}"));
        told["status"].clone()
    }

    /// Orders a fault (see tests/fakes).
    pub async fn fails(&self, fault: &Value) {
        let response = self.http.post(format!("{}/_fake/faults", self.url)).json(fault).send().await;
        let status = response.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(201)), "the provider takes the fault {fault}: {status:?}");
    }

    /// Forgets the idempotency keys of an order, as providers do after some hours.
    pub async fn forgets_keys(&self, order: &Order) {
        let url = format!("{}/_fake/idempotency-keys?order_id={}", self.url, order.id());
        let response = self.http.delete(url).send().await;
        assert!(response.is_ok(), "the provider forgets: {response:?}");
    }
}
