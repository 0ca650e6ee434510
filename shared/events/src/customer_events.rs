//! The events that customers are notified of.

/// The event types for which a customer can choose a notification channel. Events about the security of an account are not
/// in the list, because a customer cannot switch them off. Neither are the events that only the shop's operator receives.
pub const CUSTOMER_EVENTS: [&str; 9] = [
    "order.cancelled",
    "order.confirmed",
    "order.delivered",
    "order.processing",
    "order.shipped",
    "payment.completed",
    "payment.failed",
    "payment.refunded",
    "payment.requires_action",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;
    use serde_json::json;

    #[test]
    fn customer_events_exist_and_are_sorted() {
        assert!(CUSTOMER_EVENTS.is_sorted());
        for name in CUSTOMER_EVENTS {
            let error = serde_json::from_value::<Event>(json!({ "eventType": name, "data": {} })).unwrap_err();
            assert!(!error.to_string().contains("unknown variant"), "{name} is not an event");
        }
    }
}
