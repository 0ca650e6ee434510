//! Of what a customer is told, and may choose by which channel.

/// The types of events that concern whoever bought. What concerns the security of an account is not among them: nobody can
/// choose not to hear of that. Nor is what the shop's operator is told.
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
    fn what_can_be_chosen_are_events_in_the_order_of_their_names() {
        assert!(CUSTOMER_EVENTS.is_sorted());
        for name in CUSTOMER_EVENTS {
            let refused = serde_json::from_value::<Event>(json!({ "eventType": name, "data": {} })).unwrap_err();
            assert!(!refused.to_string().contains("unknown variant"), "{name} is no event");
        }
    }
}
