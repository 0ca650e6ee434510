//! A compromised function: it writes events into the outbox of a table that it may write to.

use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{EVENTUALLY, Shop, await_until, in_seconds, unique};

/// The contexts whose tables have an outbox, and the event types that each makes.
pub const EVENT_TYPES: [(&str, &[&str]); 4] = [
    (
        "identity",
        &[
            "user.registered",
            "user.refresh_reused",
            "user.password_reset_requested",
            "user.email_verification_requested",
            "user.security_changed",
            "user.deleted",
            "user.export_requested",
        ],
    ),
    (
        "catalog",
        &[
            "product.created",
            "product.updated",
            "product.archived",
            "stock.changed",
            "stock.low",
            "review.posted",
            "review.changed",
            "import.uploaded",
            "export.requested",
        ],
    ),
    (
        "orders",
        &[
            "order.created",
            "order.confirmed",
            "order.processing",
            "order.shipped",
            "order.delivered",
            "order.cancelled",
        ],
    ),
    (
        "payments",
        &[
            "payment.requested",
            "payment.authorized",
            "payment.completed",
            "payment.failed",
            "payment.cancelled",
            "payment.requires_action",
            "payment.capture_requested",
            "payment.refund_requested",
            "payment.refunded",
            "payment.mismatched",
        ],
    ),
];

/// The row of a forged event.
#[derive(Debug, Clone)]
pub struct ForgedEvent {
    pub event_type: String,
    context: String,
    partition: String,
    id: String,
}

impl Shop {
    /// Writes an event into the outbox of a context's table. `data` may have more members than the event type knows.
    pub async fn forges(&self, context: &str, event_type: &str, sequence: u64, data: &Value) -> ForgedEvent {
        let (event, envelope) = forged_event(context, event_type, sequence, data);
        self.rows.puts(context, &event.partition, &event.id, &json!({ "event": { "S": envelope } })).await;
        event
    }

    /// The same, hidden from the relay, which gets inserted rows only: the row is inserted without its event. Housekeeping finds it.
    pub async fn forges_behind_the_relay(
        &self,
        context: &str,
        event_type: &str,
        sequence: u64,
        data: &Value,
    ) -> ForgedEvent {
        let (event, envelope) = forged_event(context, event_type, sequence, data);
        let ForgedEvent { partition, id, .. } = &event;
        self.rows.puts(context, partition, id, &json!({ "note": { "S": "no event" } })).await;
        self.rows.sets(context, partition, id, "event", json!({ "S": envelope })).await;
        event
    }

    /// Have these events left their outboxes? The error names one that has not.
    pub async fn have_left(&self, forged: &[ForgedEvent]) -> Result<(), String> {
        let rows = forged.iter().map(|event| self.rows.reads(&event.context, &event.partition, &event.id));
        match join_all(rows).await.iter().position(|row| !row.is_null()) {
            Some(first) => Err(format!("{} is in the outbox of {}", forged[first].event_type, forged[first].context)),
            None => Ok(()),
        }
    }

    /// Waits until these events have left their outboxes, and until all queues are empty: an event that was published is in a queue
    /// before it leaves its outbox. Needs the stack alone.
    pub async fn awaits_end_of(&self, forged: &[ForgedEvent]) {
        await_until("the forged events left their outboxes", EVENTUALLY, async || self.have_left(forged).await).await;
        for queue in self.queues.names() {
            self.queues.awaits_empty(self.queues.url(&queue)).await;
        }
    }
}

/// An event of this type, and its envelope as JSON.
fn forged_event(context: &str, event_type: &str, sequence: u64, data: &Value) -> (ForgedEvent, String) {
    let id = event_id();
    let subject = match event_type.split('.').next() {
        Some("payment") => &data["paymentId"],
        Some("user") => &data["userId"],
        _ => &data["orderId"],
    };
    let envelope = json!({
        "eventId": id, "version": 1, "timestamp": "2026-11-21T08:00:00.000Z", "subject": subject, "sequence": sequence,
        "correlationId": unique("forged"), "eventType": event_type, "data": data,
    });
    let (context, partition) = (context.to_owned(), "OUTBOX#03".to_owned());
    (ForgedEvent { event_type: event_type.to_owned(), context, partition, id }, envelope.to_string())
}

/// An id that no other event has: a TypeID, which is 26 digits of Crockford's base 32.
pub(crate) fn event_id() -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let milliseconds = u128::from(in_seconds(0).unsigned_abs()) * 1000;
    let process = u128::from(std::process::id()) << 32;
    let number = (milliseconds << 80) | process | u128::from(COUNT.fetch_add(1, Ordering::Relaxed));
    let digit = |place: u32| char::from(DIGITS[((number >> (5 * place)) & 31) as usize]);
    format!("evt_{}", (0..26).rev().map(digit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::event_id;

    #[test]
    fn event_ids_differ_and_sort_by_time() {
        let (one, other) = (event_id(), event_id());
        assert!(one.len() == 30 && one.starts_with("evt_0") && one < other, "{one} {other}");
    }
}
