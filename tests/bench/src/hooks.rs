//! The payment provider's webhooks. The tests' provider sends them to one address: for a while that is here, and what it
//! tells is kept until the stage hands it to the function that hears it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::emulator::{Http, http};
use crate::events::Request;
use crate::serve::{Answer, Server, answer};
use crate::world::World;

/// A webhook goes from one process of this machine to another.
const PATIENCE: Duration = Duration::from_secs(5);

/// One webhook, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    body: String,
    signature: String,
}

impl Hook {
    /// `payment_intent.succeeded`.
    pub(crate) fn event_type(&self) -> String {
        let event: Value = serde_json::from_str(&self.body).unwrap_or_default();
        event["type"].as_str().unwrap_or("something").to_owned()
    }

    /// As the HTTP API passes it on.
    pub(crate) fn request(self) -> Request {
        let request =
            Request::new("POST", "/api/v1/payments/webhooks/stripe").header("stripe-signature", self.signature);
        request.with_text(self.body)
    }
}

type Heard = Arc<Mutex<Vec<Hook>>>;

/// Listens until it is closed.
#[derive(Debug)]
pub(crate) struct Hooks {
    provider: String,
    http: Http,
    heard: Heard,
    _server: Server,
}

impl Hooks {
    /// Has the provider tell this bench of payments.
    pub(crate) async fn listen(world: &World) -> Result<Self> {
        let url = world.provider().context("payments-worker is deployed without SOUK_STRIPE_URL")?;
        let heard = Heard::default();
        let hears = heard.clone();
        let server = Server::start(move |request| keep(hears.clone(), request)).await?;
        let endpoint = json!({ "url": format!("{}/", server.url()), "secret": world.stack.stripe.webhook_secret });
        let hooks = Self { provider: format!("{url}/_fake/webhooks"), http: http(), heard, _server: server };
        hooks.ask("PUT", &hooks.provider, endpoint.to_string()).await.context("the provider sends no webhooks")?;
        Ok(hooks)
    }

    /// What the provider has told since the last time, and nothing more is on its way.
    pub(crate) async fn take(&self) -> Result<Vec<Hook>> {
        let until = Instant::now() + PATIENCE;
        // Of no order: the events of all there were would be a long answer.
        let state = format!("{}?order_id=none", self.provider);
        while self.ask("GET", &state, String::new()).await?["pending"] != 0 {
            ensure!(Instant::now() < until, "the provider's webhooks do not arrive");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// From now on the provider is silent.
    pub(crate) async fn close(self) -> Result<()> {
        self.ask("DELETE", &self.provider, String::new()).await.map(|_| ())
    }

    async fn ask(&self, method: &str, url: &str, body: String) -> Result<Value> {
        let request = hyper::Request::builder().method(method).uri(url).body(Full::from(body))?;
        let answer = self.http.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{method} {url}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}

async fn keep(heard: Heard, request: hyper::Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let signature = head.headers.get("stripe-signature").and_then(|signature| signature.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let Ok(body) = body.collect().await else { return answer(400, "text/plain", "the body broke off") };
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(Hook { body, signature });
    answer(200, "application/json", r#"{"received":true}"#)
}
