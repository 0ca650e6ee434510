//! The points between two steps at which a crash must lose nothing, and which way an order has to go to come past each. souk
//! names them where they are (`aws_kit::fault::point`); a stack may list them in `stack.json` (`faultPoints`).

use crate::test_stack::TestStack;

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderPath {
    /// It is paid.
    Paid,
    /// It is cancelled while its customer should authenticate.
    Voided,
    /// It is paid, and cancelled afterwards.
    Refunded,
}

/// All points that are known, by their workers: those of one worker are tried one after another.
pub const FAULT_POINTS: [(&str, OrderPath); 15] = [
    ("relay.before_publish", OrderPath::Paid),
    ("relay.published", OrderPath::Paid),
    ("payments.intent_created", OrderPath::Paid),
    ("payments.intent_recorded", OrderPath::Paid),
    ("payments.confirmed", OrderPath::Paid),
    ("payments.captured", OrderPath::Paid),
    ("payments.voided", OrderPath::Voided),
    ("payments.refund_asked", OrderPath::Refunded),
    ("payments.refunded", OrderPath::Refunded),
    ("orders.placing", OrderPath::Paid),
    ("orders.placed", OrderPath::Paid),
    ("orders.before_commit", OrderPath::Paid),
    ("orders.committed", OrderPath::Paid),
    ("notifier.claimed", OrderPath::Paid),
    ("notifier.sent", OrderPath::Paid),
];

/// Of imports and exports, and of what is exported and erased of an account: no order comes past them. The black-box suite kills
/// there (`imports_alone.rs`, `erasure_alone.rs`).
const OTHER_PREFIXES: [&str; 3] = ["job.", "export.", "erasure."];

/// The points of a stack that an order comes past. Of one that is not known here, one that was paid and cancelled comes past most.
pub fn order_points(test_stack: &TestStack) -> Vec<(String, OrderPath)> {
    let known = FAULT_POINTS.map(|(label, path)| (label.to_owned(), path));
    let path_to =
        |label: &str| known.iter().find(|(known, _)| known == label).map_or(OrderPath::Refunded, |(_, path)| *path);
    match &test_stack.fault_points {
        Some(labels) => {
            let of_orders = labels.iter().filter(|label| !OTHER_PREFIXES.iter().any(|other| label.starts_with(other)));
            of_orders.map(|label| (label.clone(), path_to(label))).collect()
        }
        None => known.to_vec(),
    }
}

/// Whose point it is: the part before the dot.
pub fn worker(label: &str) -> &str {
    label.split('.').next().unwrap_or(label)
}
