//! Every order has an active hold or a final outcome, and its payment agrees with it. The hold and the id of the order are what finds the
//! payment when its message is lost.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::history::History;
use crate::observed::{ObservedState, Order, OrderPaymentStatus, OrderStatus, Payment, PaymentStatus};
use crate::test_stack::Rules;

pub(super) const INVARIANT: &str =
    "Every order has one payment, with its UUID, and either an active hold or an outcome that agrees with the payment.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for order in &state.orders {
        let payments: Vec<&Payment> = state.payments_of(&order.id).collect();
        match payments.as_slice() {
            [payment] if payment.id == order.payment_id => {
                if uuid(&payment.id) != uuid(&order.id) {
                    findings.push(format!("{} is paid by {}, which has another UUID", order.id, payment.id));
                }
                if let Some(what) = disagreement(state, order, payment) {
                    findings.push(format!("{}: {what}", order.id));
                }
            }
            other => {
                let ids: Vec<&str> = other.iter().map(|payment| payment.id.as_str()).collect();
                findings.push(format!("{} names the payment {}, but has {ids:?}", order.id, order.payment_id));
            }
        }
        if !is_position_right(state, order) {
            let position = if order.in_hold_index { "in" } else { "not in" };
            findings.push(format!("{} is {:?} and {position} the index of holds", order.id, order.status));
        }
    }
    for payment in state.payments.iter().filter(|payment| state.order(&payment.order_id).is_none()) {
        findings.push(format!("{} pays for {}, which does not exist", payment.id, payment.order_id));
    }
    findings
}

/// The UUID of an id: what follows its type.
fn uuid(id: &str) -> Option<&str> {
    id.split_once('_').map(|(_, uuid)| uuid)
}

fn disagreement(state: &ObservedState, order: &Order, payment: &Payment) -> Option<String> {
    if order.status == OrderStatus::Pending {
        let ends_at_ms = OffsetDateTime::parse(&order.hold_expires_at, &Rfc3339).ok()?.unix_timestamp() * 1000;
        return (ends_at_ms <= state.read_at_ms)
            .then(|| format!("it is pending, but its hold ended at {}", order.hold_expires_at));
    }
    let statuses = (order.payment_status, payment.status);
    (!is_allowed(order.status, statuses, state.rules)).then(|| {
        format!(
            "it is {:?}, its payment is {:?}, and its recorded payment status is {:?}",
            order.status, statuses.1, statuses.0
        )
    })
}

/// The index of holds has every pending order, and orders whose capture is still pending work. Housekeeping finds both there.
fn is_position_right(state: &ObservedState, order: &Order) -> bool {
    let has_ended = matches!(order.status, OrderStatus::Cancelled | OrderStatus::Returned);
    let waits_for_shipment =
        state.rules.captures_at_shipment && matches!(order.status, OrderStatus::Confirmed | OrderStatus::Processing);
    let awaits_capture = !has_ended
        && !waits_for_shipment
        && state.payments_of(&order.id).any(|payment| payment.status == PaymentStatus::Authorized);
    match order.status {
        OrderStatus::Pending => order.in_hold_index,
        _ => !order.in_hold_index || awaits_capture,
    }
}

/// The combinations that are correct when no work is pending.
fn is_allowed(order: OrderStatus, (order_view, payment): (OrderPaymentStatus, PaymentStatus), rules: Rules) -> bool {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Returned, Shipped};
    let is_captured = matches!(
        (order_view, payment),
        (OrderPaymentStatus::Paid, PaymentStatus::Captured)
            | (OrderPaymentStatus::PartiallyRefunded, PaymentStatus::PartiallyRefunded)
            | (OrderPaymentStatus::Refunded, PaymentStatus::Refunded)
    );
    let is_authorized = (order_view, payment) == (OrderPaymentStatus::Authorized, PaymentStatus::Authorized);
    let is_voided = (order_view, payment) == (OrderPaymentStatus::Voided, PaymentStatus::Cancelled);
    let is_refunded = (order_view, payment) == (OrderPaymentStatus::Refunded, PaymentStatus::Refunded);
    match order {
        Confirmed | Processing => is_captured || (rules.captures_at_shipment && is_authorized),
        Shipped | Delivered | Returned => is_captured,
        Cancelled => is_voided || is_refunded,
        Pending => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED, PAID};

    #[test]
    fn missing_or_second_payment_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let mut second = state.payment_mut("pay_paid").clone();
        second.id = "pay_second".into();
        state.payments.push(second);
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid names the payment pay_paid", "pay_second"]);
        state.payments.retain(|payment| payment.order_id != PAID);
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid names the payment pay_paid, but has []"]);
    }

    #[test]
    fn payment_that_its_order_does_not_find_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").id = "pay_other".into();
        state.order_mut(PAID).payment_id = "pay_other".into();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid is paid by pay_other, which has another UUID"],
        );
    }

    #[test]
    fn payment_without_an_order_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.orders.retain(|order| order.id != PAID);
        fixture::assert_one_finding(&check(&state, &history), &["pay_paid pays for ord_paid, which does not exist"]);
    }

    #[test]
    fn captured_payment_of_a_cancelled_order_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_gone").status = PaymentStatus::Captured;
        fixture::assert_one_finding(&check(&state, &history), &["ord_gone: it is Cancelled, its payment is Captured"]);
    }

    #[test]
    fn voided_payment_of_a_confirmed_order_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").status = PaymentStatus::Cancelled;
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid: it is Confirmed, its payment is Cancelled"]);
    }

    #[test]
    fn outdated_payment_status_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(PAID).payment_status = OrderPaymentStatus::Authorized;
        fixture::assert_one_finding(&check(&state, &history), &["its recorded payment status is Authorized"]);
    }

    #[test]
    fn payment_may_stay_authorised_until_shipment_if_configured() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(PAID).payment_status = OrderPaymentStatus::Authorized;
        state.payment_mut("pay_paid").status = PaymentStatus::Authorized;
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid"]);
        state.rules.captures_at_shipment = true;
        assert!(check(&state, &history).is_empty());
        state.order_mut(PAID).status = OrderStatus::Shipped;
        fixture::assert_one_finding(&check(&state, &history), &["it is Shipped"]);
    }

    #[test]
    fn pending_order_after_its_hold_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let order = state.order_mut(CANCELLED);
        (order.status, order.in_hold_index) = (OrderStatus::Pending, true);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["it is pending, but its hold ended at 2026-01-01T00:00:20"],
        );
        state.order_mut(CANCELLED).hold_expires_at = "2036-01-01T00:00:20.000Z".into();
        assert!(check(&state, &history).is_empty(), "an active hold is correct");
    }

    #[test]
    fn index_of_holds_may_have_a_confirmed_order_only_until_its_capture() {
        let (mut state, history) = fixture::valid_run();
        let order = state.order_mut(PAID);
        (order.in_hold_index, order.payment_status) = (true, OrderPaymentStatus::Authorized);
        let payment = state.payment_mut("pay_paid");
        payment.status = PaymentStatus::Authorized;
        // The capture is pending work, which is a finding of its own once all work should have ended.
        fixture::assert_one_finding(&check(&state, &history), &["its payment is Authorized"]);
        state.rules.captures_at_shipment = true;
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid is Confirmed and in the index of holds"]);
        state.order_mut(PAID).in_hold_index = false;
        assert!(check(&state, &history).is_empty(), "it waits for its shipment");
    }

    #[test]
    fn index_of_holds_with_wrong_orders_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(PAID).in_hold_index = true;
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid is Confirmed and in the index of holds"]);
        let order = state.order_mut(PAID);
        (order.status, order.in_hold_index) = (OrderStatus::Pending, false);
        order.hold_expires_at = "2036-01-01T00:00:20.000Z".into();
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid is Pending and not in the index of holds"]);
    }
}
