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
