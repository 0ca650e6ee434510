//! Every event reached every consumer, and each consumer did its work.

use crate::history::History;
use crate::observed::{ObservedState, Order, OrderPaymentStatus, OrderStatus, RefundStatus};

pub(super) const INVARIANT: &str =
    "Outboxes and dead-letter queues are empty, no order is pending, and each event caused one notification.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings: Vec<String> =
        state.outboxes.iter().map(|event| format!("this event was never published: {event}")).collect();
    for (queue, (count, some)) in &state.dlq_messages {
        findings.push(format!("{count} messages are in the dead-letter queue {queue}, such as {some:?}"));
    }
    for order in state.orders.iter().filter(|order| order.status == OrderStatus::Pending) {
        findings.push(format!("{} is still pending", order.id));
    }
    findings.extend(state.orders.iter().flat_map(|order| missing_notifications(state, order)));
    findings
}

/// The notifications table shows which events reached the notifier: it has a row for each event that causes a mail.
fn missing_notifications(state: &ObservedState, order: &Order) -> Vec<String> {
    let notified =
        |event: &str| state.notifications_of(order).filter(|notification| notification.event_type == event).count();
    let captures = state.payments_of(&order.id).filter(|payment| payment.captured > 0).count();
    // An order that was cancelled during its capture causes mails about the cancellation and the refund, and maybe none about the
    // payment. Such an order becomes paid after it has become cancelled.
    let was_paid = order
        .steps
        .iter()
        .any(|step| step.payment_status == OrderPaymentStatus::Paid && step.status != OrderStatus::Cancelled);
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
            format!("{}: {event} should cause {expected} notifications, but caused {}", order.id, notified(event))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED, PAID};
    use crate::observed::Notification;

    #[test]
    fn unpublished_event_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.outboxes.push("orders: {\"eventType\":\"order.created\"}".into());
        fixture::assert_one_finding(&check(&state, &history), &["this event was never published: orders: "]);
    }

    #[test]
    fn message_in_a_dlq_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.dlq_messages.insert("payments".into(), (2, vec!["poison".into()]));
        fixture::assert_one_finding(&check(&state, &history), &["2 messages are in the dead-letter queue payments"]);
    }

    #[test]
    fn pending_order_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(CANCELLED).status = OrderStatus::Pending;
        let findings = check(&state, &history);
        assert!(findings.iter().any(|finding| finding.contains("ord_gone is still pending")), "{findings:?}");
    }

    #[test]
    fn order_that_was_cancelled_during_its_capture_may_cause_no_mail_about_the_payment() {
        let (mut state, history) = fixture::valid_run();
        let order = state.order_mut(PAID);
        order.status = OrderStatus::Cancelled;
        order.steps.iter_mut().skip(2).for_each(|step| step.status = OrderStatus::Cancelled);
        let cancelled = state.notifications.iter().find(|there| there.event_type == "order.cancelled").cloned();
        state.notifications.extend(cancelled.map(|there| Notification { subject: PAID.into(), ..there }));
        assert_eq!(check(&state, &history), Vec::<String>::new());
        state.notifications.retain(|there| there.event_type != "payment.completed");
        assert_eq!(check(&state, &history), Vec::<String>::new());
        state.order_mut(PAID).steps[2].status = OrderStatus::Confirmed;
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid: payment.completed should cause 1"]);
    }

    #[test]
    fn missing_or_repeated_notification_is_a_violation() {
        for event in ["payment.completed", "payment.refunded", "order.cancelled"] {
            let (mut state, history) = fixture::valid_run();
            let notification =
                state.notifications.iter().find(|notification| notification.event_type == event).cloned();
            state.notifications.retain(|notification| notification.event_type != event);
            fixture::assert_one_finding(
                &check(&state, &history),
                &[event, "should cause 1 notifications, but caused 0"],
            );
            state.notifications.extend([notification.clone(), notification].into_iter().flatten());
            fixture::assert_one_finding(
                &check(&state, &history),
                &[event, "should cause 1 notifications, but caused 2"],
            );
        }
    }
}
