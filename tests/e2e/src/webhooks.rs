//! Stripe's side of a webhook: an event in its format, with its signature ("Verify webhook signatures", scheme
//! v1).

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Api, Order, Response, Shop, unique};

/// Sends webhooks as Stripe does, or with a wrong signature.
#[derive(Debug, Clone)]
pub struct Webhooks {
    api: Api,
    secret: String,
}

impl Shop {
    /// A sender with the secret that Stripe and souk share.
    pub fn stripe(&self) -> Webhooks {
        Webhooks { api: self.anonymous(), secret: self.stack.stripe.webhook_secret.clone() }
    }
}

impl Webhooks {
    /// Sends an event, signed now.
    pub async fn sends_event(&self, event: &Value) -> Response {
        let body = event.to_string();
        let signature = self.signs(&body, now());
        self.sends(&body, Some(&signature)).await
    }

    /// Sends a body with any signature, or none.
    pub async fn sends(&self, body: &str, signature: Option<&str>) -> Response {
        let call = self.api.call(Method::POST, "/api/v1/payments/webhooks/stripe");
        let call = call.text("application/json; charset=utf-8", body.to_owned());
        match signature {
            Some(signature) => call.header("Stripe-Signature", signature).send().await,
            None => call.send().await,
        }
    }

    /// The signature header of a body at a time.
    pub fn signs(&self, body: &str, at: u64) -> String {
        format!("t={at},v1={}", mac(&self.secret, body, at))
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// HMAC-SHA256 over time, dot and body, in hexadecimal.
pub fn mac(secret: &str, body: &str, at: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    tag.as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A new event about an object with that metadata.
pub fn event_about(kind: &str, metadata: &Value) -> Value {
    json!({
        "id": unique("evt_e2e"), "object": "event", "api_version": "2023-08-16", "created": now(), "livemode": false,
        "type": kind, "data": { "object": { "id": "pi_e2e", "object": "payment_intent", "metadata": metadata } },
    })
}

/// A new event about an order's payment.
pub fn event_of(kind: &str, order: &Order) -> Value {
    event_about(kind, &json!({ "payment_id": order.payment_id(), "order_id": order.id() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_over_time_and_body() {
        // By `printf '1492774577.{"a":1}' | openssl dgst -sha256 -hmac whsec_test`.
        let known = "2a55874e33dedb30da6fac02873208f53a243141599a71c0d52a1d5b89656823";
        assert_eq!(mac("whsec_test", r#"{"a":1}"#, 1_492_774_577), known);
    }
}
