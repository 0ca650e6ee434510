//! The fault points that an order passes (`aws_kit::fault::point`): places between two steps where a crash must lose nothing.

/// What has to happen to an order so that it passes a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderPath {
    /// It is paid.
    Paid,
    /// It is cancelled before its customer has authenticated.
    Voided,
    /// It is paid and then cancelled.
    Refunded,
    /// Its card is declined, and its hold ends.
    Declined,
}

/// All points that an order passes, by worker. The points of one worker are tried one after another.
pub const FAULT_POINTS: [(&str, OrderPath); 22] = [
    ("relay.movement_logged", OrderPath::Paid),
    ("relay.before_publish", OrderPath::Paid),
    ("relay.published", OrderPath::Paid),
    ("payments.intent_created", OrderPath::Paid),
    ("payments.intent_recorded", OrderPath::Paid),
    ("payments.confirmed", OrderPath::Paid),
    ("payments.before_commit", OrderPath::Paid),
    ("payments.committed", OrderPath::Paid),
    ("payments.authorized", OrderPath::Paid),
    ("payments.captured", OrderPath::Paid),
    ("payments.settled", OrderPath::Paid),
    ("payments.expiring", OrderPath::Declined),
    ("payments.voided", OrderPath::Voided),
    ("payments.refund_requested", OrderPath::Refunded),
    ("payments.refunded", OrderPath::Refunded),
    ("orders.placing", OrderPath::Paid),
    ("orders.placed", OrderPath::Paid),
    ("orders.before_commit", OrderPath::Refunded),
    ("orders.committed", OrderPath::Refunded),
    ("notifier.claimed", OrderPath::Paid),
    ("notifier.counted", OrderPath::Paid),
    ("notifier.sent", OrderPath::Paid),
];

/// The worker of a point: the part of its label before the dot.
pub fn worker(label: &str) -> &str {
    label.split('.').next().unwrap_or(label)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// No order passes these points. The black-box suite kills the functions there (`import_faults.rs`, `erasure_faults.rs`,
    /// `flash_faults.rs`).
    const OTHER_WORKERS: [&str; 4] = ["job", "export", "erasure", "flash"];

    #[test]
    fn every_fault_point_of_the_sources_is_killed_at() {
        let labels = e2e::fault_labels("point");
        for other in OTHER_WORKERS {
            assert!(labels.iter().any(|label| worker(label) == other), "the sources have no fault point of {other}");
        }
        let in_sources: BTreeSet<&str> =
            labels.iter().map(String::as_str).filter(|label| !OTHER_WORKERS.contains(&worker(label))).collect();
        assert_eq!(
            in_sources,
            BTreeSet::from(FAULT_POINTS.map(|(label, _)| label)),
            "add the new label to FAULT_POINTS"
        );
    }
}
