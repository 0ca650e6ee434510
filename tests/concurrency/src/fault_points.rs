//! The points between two steps at which a crash must lose nothing, and which way an order has to go to come past each. souk
//! names them where they are (`aws_kit::fault::point`); a stack may list them in `stack.json` (`faultPoints`).

use crate::site::Site;

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is paid.
    Paid,
    /// It is cancelled while its customer should authenticate.
    Voided,
    /// It is paid, and cancelled afterwards.
    Refunded,
}

/// All points that are known, by their workers: those of one worker are tried one after another.
pub const POINTS: [(&str, Way); 15] = [
    ("relay.before_publish", Way::Paid),
    ("relay.published", Way::Paid),
    ("payments.intent_created", Way::Paid),
    ("payments.intent_recorded", Way::Paid),
    ("payments.confirmed", Way::Paid),
    ("payments.captured", Way::Paid),
    ("payments.voided", Way::Voided),
    ("payments.refund_asked", Way::Refunded),
    ("payments.refunded", Way::Refunded),
    ("orders.placing", Way::Paid),
    ("orders.placed", Way::Paid),
    ("orders.before_commit", Way::Paid),
    ("orders.committed", Way::Paid),
    ("notifier.claimed", Way::Paid),
    ("notifier.sent", Way::Paid),
];

/// Of imports and exports, and of what is exported and erased of an account: no order comes past them. The black-box suite kills
/// there (`imports_alone.rs`, `erasure_alone.rs`).
const OF_OTHERS: [&str; 3] = ["job.", "export.", "erasure."];

/// The points of a stack that an order comes past. Of one that is not known here, one that was paid and cancelled comes past most.
pub fn of(site: &Site) -> Vec<(String, Way)> {
    let known = POINTS.map(|(label, way)| (label.to_owned(), way));
    let way_to = |label: &str| known.iter().find(|(known, _)| known == label).map_or(Way::Refunded, |(_, way)| *way);
    match &site.fault_points {
        Some(labels) => {
            let of_orders = labels.iter().filter(|label| !OF_OTHERS.iter().any(|other| label.starts_with(other)));
            of_orders.map(|label| (label.clone(), way_to(label))).collect()
        }
        None => known.to_vec(),
    }
}

/// Whose point it is: the part before the dot.
pub fn worker(label: &str) -> &str {
    label.split('.').next().unwrap_or(label)
}
