//! An order and its payment change in one transaction.

use crate::history::History;
use crate::observed::{ObservedState, Order, OrderPaymentStatus, OrderStatus, Payment, RefundStatus, Step};

pub(super) const INVARIANT: &str = "An order is confirmed by the change that authorises its payment, and follows every end of its payment at the payment's version and time.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let confirmations = state.orders.iter().flat_map(wrong_confirmations);
    let late = state.orders.iter().flat_map(|order| {
        state.payments_of(&order.id).filter_map(|payment| wrong_time(state, order, payment)).collect::<Vec<_>>()
    });
    confirmations.chain(late).collect()
}

/// The changes in which the order was confirmed without an authorisation, or the other way round.
fn wrong_confirmations(order: &Order) -> Vec<String> {
    let wrong = order.steps.windows(2).filter_map(|pair| match pair {
        [before, after] if is_confirmation(before, after) != is_authorisation(before, after) => Some(after),
        _ => None,
    });
    wrong
        .map(|step| {
            format!(
                "{}: version {} is {:?} and its payment {:?}, which do not belong together",
                order.id, step.version, step.status, step.payment_status
            )
        })
        .collect()
}

fn is_confirmation(before: &Step, after: &Step) -> bool {
    before.status != OrderStatus::Confirmed && after.status == OrderStatus::Confirmed
}

fn is_authorisation(before: &Step, after: &Step) -> bool {
    let authorized = OrderPaymentStatus::Authorized;
    before.payment_status != authorized && after.payment_status == authorized
}

/// The change by which the order follows the last change of its payment has another time, or does not exist. Rows that one
/// transaction writes have one time.
fn wrong_time(state: &ObservedState, order: &Order, payment: &Payment) -> Option<String> {
    let Payment { id, version, updated_at, .. } = payment;
    match order.steps.iter().find(|step| step.payment_sequence == *version) {
        Some(step) if step.at == *updated_at => None,
        Some(step) => Some(format!(
            "{}: {id} reached version {version} at {updated_at}, and the order followed it at {}",
            order.id, step.at
        )),
        None if is_ahead(state, payment) => None,
        None => Some(format!("{}: {id} is at version {version}, and no change of the order has followed it", order.id)),
    }
}

/// May the payment have changed without its order? A refund that begins or fails changes no status of the order.
fn is_ahead(state: &ObservedState, payment: &Payment) -> bool {
    let mut refunds = state.refunds.iter().filter(|refund| refund.payment_id == payment.id);
    refunds.any(|refund| refund.status != RefundStatus::Succeeded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED, PAID};

    #[test]
    fn order_that_follows_its_payment_later_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(CANCELLED).steps[2].at = "2026-01-01T00:00:20.001Z".into();
        fixture::assert_one_finding(
            &check(&state, &history),
            &[
                "ord_gone: pay_gone reached version 4 at 2026-01-01T00:00:20.000Z",
                "followed it at 2026-01-01T00:00:20.001Z",
            ],
        );
    }

    #[test]
    fn time_of_the_capture_counts_although_the_order_has_moved_on() {
        let (mut state, history) = fixture::valid_run();
        state.refunds.clear();
        let order = state.order_mut(PAID);
        // Paid by version 4 in second 3, and packed in second 9.
        (order.steps[3].payment_sequence, order.steps[3].status) = (4, OrderStatus::Processing);
        let payment = state.payment_mut("pay_paid");
        (payment.version, payment.updated_at) = (4, "2026-01-01T00:00:03.000Z".into());
        assert_eq!(check(&state, &history), Vec::<String>::new());
        state.payment_mut("pay_paid").updated_at = "2026-01-01T00:00:09.000Z".into();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid reached version 4", "at 2026-01-01T00:00:03.000Z"],
        );
    }

    #[test]
    fn payment_that_the_order_has_not_followed_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").version = 7;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid: pay_paid is at version 7, and no change of the order has followed it"],
        );
        state.refunds[0].status = RefundStatus::Failed;
        assert_eq!(check(&state, &history), Vec::<String>::new(), "a refund that failed changes no status");
    }

    #[test]
    fn confirmation_without_an_authorisation_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(PAID).steps[1].payment_status = OrderPaymentStatus::Unpaid;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid: version 2 is Confirmed and its payment Unpaid"],
        );
    }

    #[test]
    fn authorisation_of_a_pending_order_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(CANCELLED).steps[1].payment_status = OrderPaymentStatus::Authorized;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_gone: version 2 is Pending and its payment Authorized"],
        );
    }
}
