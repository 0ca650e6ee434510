//! Nothing that happened stays untold: every event reached every listener, and each of them did what it had to.

use crate::history::History;
use crate::observed::{ObservedState, Order, OrderStatus, RefundStatus};

pub(super) const INVARIANT: &str =
    "Outboxes and dead-letter queues are empty, no order waits, and everybody was told of everything once.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings: Vec<String> =
        state.outboxes.iter().map(|event| format!("this event was never published: {event}")).collect();
    for (queue, (count, some)) in &state.dlq_messages {
        findings.push(format!("{count} messages were given up in the dead-letter queue {queue}, such as {some:?}"));
    }
    for order in state.orders.iter().filter(|order| order.status == OrderStatus::Pending) {
        findings.push(format!("{} is still pending: something that should have moved it did not", order.id));
    }
    findings.extend(state.orders.iter().flat_map(|order| missing_notifications(state, order)));
    findings
}

/// The notifications table shows what reached the notifier: a row for each event that somebody is written about.
fn missing_notifications(state: &ObservedState, order: &Order) -> Vec<String> {
    let notified =
        |event: &str| state.notifications_of(order).filter(|notification| notification.event_type == event).count();
    let captures = state.payments_of(&order.id).filter(|payment| payment.captured > 0).count();
    // An order that ended while its money was being taken is told of its end and of its refund, and never of having been paid.
    let was_paid = order.steps.iter().any(|step| step.row["paymentStatus"] == "paid");
    let is_payment_optional = order.status == OrderStatus::Cancelled && !was_paid;
    let is_of_order = |payment: &str| state.payments_of(&order.id).any(|there| there.id == payment);
    let refunds = state
        .refunds
        .iter()
        .filter(|refund| refund.status == RefundStatus::Succeeded && is_of_order(&refund.payment_id));
    let expected = [
        ("payment.completed", captures),
        ("payment.refunded", refunds.count()),
        ("order.cancelled", usize::from(order.status == OrderStatus::Cancelled)),
    ];
    let is_expected = |event: &str, expected| match event {
        "payment.completed" if is_payment_optional => notified(event) <= expected,
        _ => notified(event) == expected,
    };
    let wrong = expected.into_iter().filter(|(event, expected)| !is_expected(event, *expected));
    wrong
        .map(|(event, expected)| {
            format!("{}: {event} should be told {expected} times, and was {}", order.id, notified(event))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED};

    #[test]
    fn an_event_that_lies_in_its_outbox_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.outboxes.push("orders: {\"eventType\":\"order.created\"}".into());
        fixture::assert_one_finding(&check(&state, &history), &["this event was never published: orders: "]);
    }

    #[test]
    fn dead_letters_are_found() {
        let (mut state, history) = fixture::valid_run();
        state.dlq_messages.insert("payments".into(), (2, vec!["poison".into()]));
        fixture::assert_one_finding(
            &check(&state, &history),
            &["2 messages were given up in the dead-letter queue payments"],
        );
    }

    #[test]
    fn an_order_that_waits_for_ever_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(CANCELLED).status = OrderStatus::Pending;
        let findings = check(&state, &history);
        assert!(findings.iter().any(|finding| finding.contains("ord_gone is still pending")), "{findings:?}");
    }

    #[test]
    fn whoever_was_not_told_or_twice_is_found() {
        for event in ["payment.completed", "payment.refunded", "order.cancelled"] {
            let (mut state, history) = fixture::valid_run();
            let notification =
                state.notifications.iter().find(|notification| notification.event_type == event).cloned();
            state.notifications.retain(|notification| notification.event_type != event);
            fixture::assert_one_finding(&check(&state, &history), &[event, "should be told 1 times, and was 0"]);
            state.notifications.extend([notification.clone(), notification].into_iter().flatten());
            fixture::assert_one_finding(&check(&state, &history), &[event, "should be told 1 times, and was 2"]);
        }
    }
}
