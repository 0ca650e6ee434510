//! Orders change their status only as the API documents it, and only for permitted actors.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::history::History;
use crate::observed::{ObservedState, Order, OrderStatus, Step};

pub(super) const INVARIANT: &str =
    "Orders follow the documented transitions, and the system cancels only pending orders after the end of the hold.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    state.orders.iter().flat_map(of_order).collect()
}

fn of_order(order: &Order) -> Vec<String> {
    let mut findings = Vec::new();
    if let Some(first) = order.steps.first().filter(|first| first.status != OrderStatus::Pending) {
        findings.push(format!("{} started as {:?}", order.id, first.status));
    }
    for pair in order.steps.windows(2) {
        let [before, after] = pair else { continue };
        let (from, to) = (before.status, after.status);
        if from != to && !is_legal(from, to) {
            findings.push(format!("{} went from {from:?} to {to:?} ({})", order.id, after.reason));
        } else if (from, to) != (to, to)
            && to == OrderStatus::Cancelled
            && let Some(why) = cancellation_error(before, after)
        {
            findings.push(format!("{} was cancelled by {} ({}) {why}", order.id, after.actor, after.reason));
        }
    }
    findings
}

fn is_legal(from: OrderStatus, to: OrderStatus) -> bool {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Returned, Shipped};
    matches!(
        (from, to),
        (Pending, Confirmed)
            | (Confirmed, Processing)
            | (Processing, Shipped)
            | (Shipped, Delivered)
            | (Pending | Confirmed | Processing, Cancelled)
            | (Delivered, Returned)
    )
}

fn cancellation_error(before: &Step, after: &Step) -> Option<&'static str> {
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let is_automatic = after.actor.starts_with("system:");
    match before.status {
        OrderStatus::Pending if is_automatic && moment(&after.at) < moment(&before.hold_expires_at) => {
            Some("before its hold ended")
        }
        OrderStatus::Confirmed | OrderStatus::Processing if is_automatic => Some("although it was confirmed"),
        OrderStatus::Processing if !after.actor.starts_with("admin:") => Some("although it was being processed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED, PAID};

    fn findings_after(id: &str, change: impl FnOnce(&mut Vec<Step>)) -> Vec<String> {
        let (mut state, history) = fixture::valid_run();
        change(&mut state.order_mut(id).steps);
        check(&state, &history)
    }

    #[test]
    fn undocumented_transition_is_a_violation() {
        let findings = findings_after(PAID, |steps| steps[1].status = OrderStatus::Shipped);
        assert!(findings[0].contains("ord_paid went from Pending to Shipped"), "{findings:?}");
        let findings = findings_after(PAID, |steps| steps[0].status = OrderStatus::Confirmed);
        fixture::assert_one_finding(&findings, &["ord_paid started as Confirmed"]);
    }

    #[test]
    fn cancellation_before_the_end_of_the_hold_is_a_violation() {
        let findings = findings_after(CANCELLED, |steps| steps[2].at = "2026-01-01T00:00:19.999Z".into());
        fixture::assert_one_finding(
            &findings,
            &["ord_gone was cancelled by system:payments-worker (hold_expired) before its hold ended"],
        );
    }

    #[test]
    fn automatic_cancellation_of_a_confirmed_order_is_a_violation() {
        let findings = findings_after(CANCELLED, |steps| steps[1].status = OrderStatus::Confirmed);
        fixture::assert_one_finding(
            &findings,
            &["ord_gone was cancelled by system:payments-worker", "although it was confirmed"],
        );
    }

    #[test]
    fn only_admins_may_cancel_an_order_in_processing() {
        let findings_for = |actor: &str| {
            findings_after(CANCELLED, |steps| {
                steps[0].status = OrderStatus::Pending;
                steps[1].status = OrderStatus::Processing;
                steps[2].actor = actor.to_owned();
            })
        };
        let is_allowed = |findings: Vec<String>| !findings.iter().any(|finding| finding.contains("was cancelled by"));
        assert!(!is_allowed(findings_for("customer:usr_ada")) && is_allowed(findings_for("admin:usr_root")));
    }
}
