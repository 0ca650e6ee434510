//! Receives the webhooks of the payment provider. The test provider sends them to one URL, which the bench sets to
//! itself for a while. The bench keeps them until the simulator delivers them to the function.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::bench_resources::BenchResources;
use crate::emulator::{Http, http};
use crate::events::Request;
use crate::http_server::{HttpResponse, Server, http_response};

/// Webhooks only go from one local process to another.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A received webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    body: String,
    signature: String,
}

impl Webhook {
    /// `payment_intent.succeeded`.
    pub(crate) fn event_type(&self) -> String {
        self.event()["type"].as_str().unwrap_or("unknown").to_owned()
    }

    /// Whether it is about this order, whose id souk sends to the provider.
    fn is_about(&self, order: &str) -> bool {
        self.event()["data"]["object"]["metadata"]["order_id"] == order
    }

    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The request that the HTTP API would deliver.
    pub(crate) fn request(self) -> Request {
        let request =
            Request::new("POST", "/api/v1/payments/webhooks/stripe").header("stripe-signature", self.signature);
        request.with_text(self.body)
    }
}

type ReceivedWebhooks = Arc<Mutex<Vec<Webhook>>>;

/// Receives webhooks until it is closed.
#[derive(Debug)]
pub(crate) struct WebhookReceiver {
    provider: String,
    http: Http,
    received: ReceivedWebhooks,
    _server: Server,
}

impl WebhookReceiver {
    /// Makes the provider send its webhooks to the bench.
    pub(crate) async fn start(resources: &BenchResources) -> Result<Self> {
        let url = resources.provider().context("payments-worker has no variable SOUK_STRIPE_URL")?;
        let received = ReceivedWebhooks::default();
        let storage = received.clone();
        let server = Server::start(move |request| store(storage.clone(), request)).await?;
        let endpoint = json!({ "url": format!("{}/", server.url()), "secret": resources.stack.stripe.webhook_secret });
        let receiver = Self { provider: format!("{url}/_fake/webhooks"), http: http(), received, _server: server };
        receiver
            .send("PUT", &receiver.provider, endpoint.to_string())
            .await
            .context("the provider did not accept the URL for webhooks")?;
        Ok(receiver)
    }

    /// Returns the webhooks of an order since the last call. Waits until all its events have arrived. Other orders of the
    /// stack may have events, too; those are dropped.
    pub(crate) async fn take(&self, order: &str) -> Result<Vec<Webhook>> {
        let deadline = Instant::now() + TIMEOUT;
        let state = format!("{}?order_id={order}", self.provider);
        while !have_arrived(&self.send("GET", &state, String::new()).await?) {
            ensure!(Instant::now() < deadline, "webhooks of the provider did not arrive in time");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let received = std::mem::take(&mut *self.received.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(received.into_iter().filter(|webhook| webhook.is_about(order)).collect())
    }

    /// Stops the webhooks of the provider.
    pub(crate) async fn close(self) -> Result<()> {
        self.send("DELETE", &self.provider, String::new()).await.map(|_| ())
    }

    async fn send(&self, method: &str, url: &str, body: String) -> Result<Value> {
        let request = hyper::Request::builder().method(method).uri(url).body(Full::from(body))?;
        let response = self.http.request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{method} {url}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}

/// Whether each event of a response of the provider was delivered.
fn have_arrived(state: &Value) -> bool {
    let is_delivered = |event: &Value| {
        event["deliveries"]
            .as_array()
            .is_some_and(|deliveries| deliveries.iter().any(|delivery| delivery["status"] == 200))
    };
    state["events"].as_array().is_some_and(|events| events.iter().all(is_delivered))
}

async fn store(received: ReceivedWebhooks, request: hyper::Request<Incoming>) -> HttpResponse {
    let (head, body) = request.into_parts();
    let signature = head.headers.get("stripe-signature").and_then(|signature| signature.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let Ok(body) = body.collect().await else { return http_response(400, "text/plain", "the body is incomplete") };
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    received.lock().unwrap_or_else(PoisonError::into_inner).push(Webhook { body, signature });
    http_response(200, "application/json", r#"{"received":true}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_of_other_orders_are_dropped() {
        let body = json!({ "type": "t", "data": { "object": { "metadata": { "order_id": "ord_1" } } } }).to_string();
        let webhook = Webhook { body, signature: String::new() };
        assert!(webhook.is_about("ord_1") && !webhook.is_about("ord_2"));
        let without_order = Webhook { body: "{}".to_owned(), signature: String::new() };
        assert!(!without_order.is_about("ord_1"));
    }

    #[test]
    fn events_have_arrived_once_each_has_a_successful_delivery() {
        let event = |statuses: &[u16]| {
            let deliveries: Vec<Value> = statuses.iter().map(|status| json!({ "status": status })).collect();
            json!({ "deliveries": deliveries })
        };
        assert!(have_arrived(&json!({ "events": [] })));
        assert!(have_arrived(&json!({ "events": [event(&[200]), event(&[500, 200])] })));
        assert!(!have_arrived(&json!({ "events": [event(&[200]), event(&[])] })));
        assert!(!have_arrived(&Value::Null));
    }
}
