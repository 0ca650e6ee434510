//! Sends events to the endpoint, with Stripe's signature.

use std::fmt::Write;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::http::{Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A client for plain http, because the shop under test listens on this machine.
#[derive(Debug)]
pub(crate) struct WebhookSender(Client<HttpConnector, Full<Bytes>>);

impl WebhookSender {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // Shorter than the emulator's idle timeout. Otherwise a connection might be reused just when the emulator closes it.
        Self(Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(2)).build(connector))
    }

    /// Sends an event once. Returns the response's status, or none after `timeout`.
    pub(crate) async fn send(&self, url: &Uri, signature: String, body: String, timeout: Duration) -> Option<u16> {
        let request = Request::post(url.clone())
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", signature)
            .body(Full::new(Bytes::from(body)))
            .ok()?;
        let exchange = async {
            let answer = self.0.request(request).await.ok()?;
            let status = answer.status().as_u16();
            // The body is read to its end, so that the connection can be reused.
            answer.into_body().collect().await.ok()?;
            Some(status)
        };
        tokio::time::timeout(timeout, exchange).await.ok()?
    }
}

/// `t=<seconds>,v1=<hex>`: HMAC-SHA256 over `<seconds>.<body>` (Stripe's webhook signatures, scheme v1).
pub(crate) fn signature(secret: &str, at: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    tag.as_ref().iter().fold(format!("t={at},v1="), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_covers_time_and_body() {
        // By `printf '1492774577.{"a":1}' | openssl dgst -sha256 -hmac whsec_test`.
        let known = "2a55874e33dedb30da6fac02873208f53a243141599a71c0d52a1d5b89656823";
        assert_eq!(signature("whsec_test", 1_492_774_577, r#"{"a":1}"#), format!("t=1492774577,v1={known}"));
        assert!(!signature("whsec_other", 1_492_774_577, r#"{"a":1}"#).contains(known));
        assert!(!signature("whsec_test", 1_492_774_578, r#"{"a":1}"#).contains(known));
    }
}
