//! Events in the format of souk's queues, and messages that are handed to a worker without its queue. When such a call returns, the
//! worker has handled the message.

use serde_json::{Value, json};

use crate::forged::event_id;
use crate::{Order, Shop, unique};

/// The body of a message about an order's payment; `sequence` is the payment's version in it.
pub fn body_about_payment(order: &Order, event_type: &str, sequence: u64, data: &Value) -> String {
    let envelope = json!({
        "eventId": "evt_01h455vb4pex5vsknk084sn02q", "version": 1, "timestamp": "2026-11-21T08:00:00.000Z",
        "subject": order.payment_id(), "sequence": sequence, "correlationId": unique("late"),
        "eventType": event_type, "data": data,
    });
    envelope.to_string()
}

/// A batch with such a message.
pub fn about_payment(order: &Order, event_type: &str, sequence: u64, data: &Value) -> String {
    batch(&[body_about_payment(order, event_type, sequence, data)])
}

/// An event that no other event is equal to, as a queue holds it.
pub fn new_event(event_type: &str, subject: &str, data: &Value) -> String {
    let envelope = json!({
        "eventId": event_id(), "version": 1, "timestamp": "2026-11-21T08:00:00.000Z", "subject": subject, "sequence": 1,
        "correlationId": unique("event"), "eventType": event_type, "data": data,
    });
    envelope.to_string()
}

/// An id that nothing else has; `kind` is its prefix, such as `pay`.
pub fn new_id(kind: &str) -> String {
    event_id().replacen("evt", kind, 1)
}

/// What a worker gets when its queue delivers these events, ten at most.
pub fn batch(envelopes: &[String]) -> String {
    let messages: Vec<Value> = envelopes
        .iter()
        .enumerate()
        .map(|(number, envelope)| {
            json!({
                "messageId": format!("late-{number}"), "body": envelope, "attributes": {}, "messageAttributes": {},
                "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:AnyQueue",
            })
        })
        .collect();
    json!({ "Records": messages }).to_string()
}

impl Shop {
    /// Hands a message, or a batch of them, to a worker; panics if the worker fails.
    pub async fn delivers_message(&self, worker: &str, batch: String) {
        let result = self.functions.invoke(worker, batch).await;
        assert_eq!(
            (result.error, &result.payload["batchItemFailures"]),
            (None, &json!([])),
            "{worker} should handle the message"
        );
    }

    /// Makes the worker check an order's payment, as every webhook does.
    pub async fn requests_payment_check(&self, order: &Order) {
        let data = json!({ "paymentId": order.payment_id(), "orderId": order.id() });
        self.delivers_message("payments-worker", about_payment(order, "payment.requested", 1000, &data)).await;
    }
}
