//! Faults of the payment provider, and how its webhooks are delivered.

use serde_json::{Value, json};

use crate::history::Recorder;
use crate::test_stack::TestStack;

/// The provider's control plane.
#[derive(Debug, Clone)]
pub struct Provider {
    http: reqwest::Client,
    url: String,
    listener: String,
    secret: String,
    recorder: Recorder,
}

/// How webhooks are delivered. A card token can override it (`…_hook_late_800ms`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookDelivery {
    /// Immediately.
    Prompt,
    /// After this many milliseconds.
    Late(u64),
    /// Immediately, and again after this many milliseconds.
    Twice(u64),
    /// Each after a random delay of at most this many milliseconds.
    Shuffled(u64),
    /// Never.
    Never,
}

impl WebhookDelivery {
    fn delivery(self, seed: u64) -> Value {
        let (mode, ms) = match self {
            Self::Prompt => ("prompt", 0),
            Self::Late(ms) => ("late", ms),
            Self::Twice(ms) => ("twice", ms),
            Self::Shuffled(ms) => ("shuffled", ms),
            Self::Never => ("never", 0),
        };
        json!({ "mode": mode, "ms": ms, "seed": seed })
    }
}

impl Provider {
    pub(super) fn new(http: reqwest::Client, test_stack: &TestStack, recorder: Recorder) -> Self {
        let listener = format!("{}/api/v1/payments/webhooks/stripe", test_stack.stack.api_url);
        let url = test_stack.stack.payment_provider_url.clone();
        Self { http, url, listener, secret: test_stack.webhook_secret.clone(), recorder }
    }

    /// Adds a fault for the next `times` POST requests whose path contains `path_contains`. Kinds: `delay`, `fail_before`,
    /// `fail_after`, `timeout_after`, `drop_connection_after`.
    pub async fn inject(&self, kind: &str, path_contains: &str, times: u32, ms: Option<u64>) {
        let mut fault =
            json!({ "kind": kind, "match": { "method": "POST", "path_contains": path_contains }, "times": times });
        if let Some(ms) = ms {
            fault["ms"] = ms.into();
        }
        self.recorder.note(format!("provider: {fault}"));
        let answer = self.http.post(format!("{}/_fake/faults", self.url)).json(&fault).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        assert!(matches!(status, Ok(201)), "the provider rejected the fault {fault}: {status:?}");
    }

    /// Sets how webhooks are delivered.
    pub async fn set_webhook_delivery(&self, delivery: WebhookDelivery, seed: u64) {
        self.recorder.note(format!("webhooks: {delivery:?}"));
        let endpoint = json!({ "url": self.listener, "secret": self.secret, "delivery": delivery.delivery(seed) });
        let answer = self.http.put(format!("{}/_fake/webhooks", self.url)).json(&endpoint).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        assert!(matches!(status, Ok(200..300)), "the provider rejected the endpoint {endpoint}: {status:?}");
    }

    /// A customer opens the link of a payment and authenticates, or fails to. The provider refuses if the payment has ended; that
    /// is no error here.
    pub async fn authenticate(&self, next_action: &str, succeeds: bool) {
        let separator = if next_action.contains('?') { '&' } else { '?' };
        let url = if succeeds { next_action.to_owned() } else { format!("{next_action}{separator}outcome=fail") };
        let answer = self.http.post(&url).send().await.map(|answer| answer.status().as_u16());
        self.recorder.note(format!("authentication: {url} {answer:?}"));
    }

    /// Removes all faults, and delivers webhooks immediately.
    pub async fn reset(&self) {
        let result = self.http.delete(format!("{}/_fake/faults", self.url)).send().await;
        assert!(result.is_ok(), "the provider could not be reset: {result:?}");
        self.set_webhook_delivery(WebhookDelivery::Prompt, 0).await;
    }
}
