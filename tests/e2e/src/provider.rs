//! The fake payment provider's control plane: its books, which decide what was charged, and injected faults.

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{EVENTUALLY, Order, SOON, Stack, await_until, unique};

/// The control plane of the fake payment provider.
#[derive(Debug, Clone)]
pub struct Provider {
    http: Client,
    url: String,
}

/// The provider's totals of one order. Amounts are in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Payment intents that were created.
    pub intents: u32,
    pub authorised: u32,
    pub declined: u32,
    pub captured: u32,
    /// Authorisations that were voided.
    pub voided: u32,
    pub refunded: u32,
    /// Payment intents that were cancelled.
    pub cancelled: u32,
    pub authorised_amount: u64,
    pub captured_amount: u64,
    /// Authorised and neither captured nor voided yet.
    pub held_amount: u64,
    pub refunded_amount: u64,
}

impl Provider {
    pub(crate) fn new(http: &Client, stack: &Stack) -> Self {
        Self { http: http.clone(), url: stack.payment_provider_url.clone() }
    }

    /// The books of one order: `intents`, `refunds`, `orders`, `requests`.
    pub async fn books(&self, order: &Order) -> Value {
        let url = format!("{}/_fake/books?order_id={}", self.url, order.id());
        let response =
            self.http.get(url).send().await.unwrap_or_else(|error| panic!("the provider should respond: {error}"));
        response.json().await.unwrap_or_else(|error| panic!("the books should be JSON: {error}"))
    }

    /// The totals of one order.
    pub async fn tally(&self, order: &Order) -> Tally {
        let books = self.books(order).await;
        serde_json::from_value(books["orders"][order.id()].clone()).unwrap_or_default()
    }

    /// Panics unless the order was authorised once and captured once in full, and not refunded.
    pub async fn charged_once(&self, order: &Order) {
        let tally = self.tally(order).await;
        let totals = (tally.authorised, tally.captured, tally.voided, tally.refunded, tally.captured_amount);
        assert_eq!(
            totals,
            (1, 1, 0, 0, order.total()),
            "the order should be charged {} once: {:#}",
            order.total(),
            self.books(order).await
        );
    }

    /// Panics unless the order was captured once and refunded in full by so many refunds.
    pub async fn refunded_in_full(&self, order: &Order, refunds: u32) {
        let tally = self.tally(order).await;
        let totals = (tally.captured, tally.captured_amount, tally.refunded, tally.refunded_amount, tally.held_amount);
        let expected = (1, order.total(), refunds, order.total(), 0);
        assert_eq!(
            totals,
            expected,
            "the order should be charged once and refunded in full: {:#}",
            self.books(order).await
        );
    }

    /// Panics if money is authorised or captured.
    pub async fn charged_nothing(&self, order: &Order) {
        let tally = self.tally(order).await;
        assert_eq!(
            tally.authorised,
            tally.voided,
            "every authorisation should be voided: {:#}",
            self.books(order).await
        );
        assert_eq!(tally.captured, 0, "nothing should be captured: {:#}", self.books(order).await);
    }

    /// Waits until the provider has authorised the order, whether souk knows it or not.
    pub async fn awaits_authorisation(&self, order: &Order) {
        await_until(format_args!("the money for {} is held", order.id()), SOON, async || {
            let tally = self.tally(order).await;
            if tally.authorised > 0 { Ok(()) } else { Err(format!("{tally:?}")) }
        })
        .await
    }

    /// A unique good card with which `times` requests to that path fail. The provider sends no webhooks for it.
    pub async fn card_failing(&self, path: &str, kind: &str, times: u32) -> String {
        let card = format!("{}_hook_never", unique("pm_test_ok_"));
        let target = json!({ "method": "POST", "path_contains": path, "card": card });
        self.fails(&json!({ "match": target, "kind": kind, "times": times })).await;
        card
    }

    /// A unique good card whose captures find no provider for so many milliseconds, so that its order stays authorised. The provider
    /// sends no webhooks for it.
    pub async fn card_captured_after(&self, milliseconds: u64) -> String {
        let card = format!("{}_hook_never", unique("pm_test_ok_"));
        let target = json!({ "method": "POST", "path_contains": "/capture", "card": card });
        self.fails(&json!({ "match": target, "kind": "unavailable", "for_ms": milliseconds })).await;
        card
    }

    /// Cancels an order's intent at the provider, as its dashboard or its own expiry would.
    pub async fn voids_at_provider(&self, order: &Order) {
        let books = self.books(order).await;
        let intent =
            books["intents"][0]["id"].as_str().unwrap_or_else(|| panic!("the order should have an intent: {books:#}"));
        let request = self.http.post(format!("{}/v1/payment_intents/{intent}/cancel", self.url));
        let status =
            request.bearer_auth("sk_test_of_the_dashboard").send().await.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200)), "the provider should cancel {intent}: {status:?}");
    }

    /// Completes or fails the bank's page; returns whether it was still open.
    pub async fn authenticates(&self, payment: &Value, outcome: &str) -> bool {
        let url = payment["nextAction"]["url"].as_str();
        let url = url.unwrap_or_else(|| panic!("a payment with a next action should have its URL: {payment}"));
        let response = self.http.get(format!("{url}?outcome={outcome}")).send().await;
        let status = response.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(200 | 409)), "the bank's page should respond: {status:?}");
        matches!(status, Ok(200))
    }

    /// The events of an order that the provider has sent, each with its deliveries.
    pub async fn webhooks(&self, order: &Order) -> Vec<Value> {
        let url = format!("{}/_fake/webhooks?order_id={}", self.url, order.id());
        let response =
            self.http.get(url).send().await.unwrap_or_else(|error| panic!("the provider should respond: {error}"));
        let listed: Value =
            response.json().await.unwrap_or_else(|error| panic!("the webhooks should be JSON: {error}"));
        listed["events"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until every event of an order was delivered and accepted as often as its mode wants.
    pub async fn awaits_webhooks(&self, order: &Order) -> Vec<Value> {
        await_until(format_args!("the webhooks of {} have come", order.id()), EVENTUALLY, async || {
            let events = self.webhooks(order).await;
            let all_here = events.iter().all(|event| {
                let accepted = event["deliveries"].as_array().into_iter().flatten();
                let accepted = accepted.filter(|delivery| delivery["status"] == 200).count();
                match event["mode"].as_str() {
                    Some("never") => true,
                    Some("twice") => accepted >= 2,
                    _ => accepted >= 1,
                }
            });
            if !events.is_empty() && all_here { Ok(events) } else { Err(format!("{events:#?}")) }
        })
        .await
    }

    /// Delivers an event again; returns the status of the response.
    pub async fn replays(&self, event: &Value) -> Value {
        let request = self.http.post(format!("{}/_fake/webhooks/replay", self.url));
        let response = request.json(&json!({ "event_id": event["id"] })).send().await;
        let response = response.unwrap_or_else(|error| panic!("the provider should respond: {error}"));
        let delivery: Value =
            response.json().await.unwrap_or_else(|error| panic!("a delivery should be JSON: {error}"));
        delivery["status"].clone()
    }

    /// Injects a fault (see tests/fakes).
    pub async fn fails(&self, fault: &Value) {
        let response = self.http.post(format!("{}/_fake/faults", self.url)).json(fault).send().await;
        let status = response.map(|response| response.status().as_u16());
        assert!(matches!(status, Ok(201)), "the provider should accept the fault {fault}: {status:?}");
    }

    /// Removes the idempotency keys of an order, as providers do after some hours.
    pub async fn forgets_keys(&self, order: &Order) {
        let url = format!("{}/_fake/idempotency-keys?order_id={}", self.url, order.id());
        let response = self.http.delete(url).send().await;
        assert!(response.is_ok(), "the provider should remove its keys: {response:?}");
    }
}
