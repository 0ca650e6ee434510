//! The provider's books are the judge of money: what they say was taken and given back is what our rows say.

use crate::history::History;
use crate::observed::{ObservedState, OrderStatus, Payment, PaymentStatus};

pub(super) const INVARIANT: &str =
    "For every payment the provider took, holds and gave back what our row says, and nothing is left hanging.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    state.payments.iter().flat_map(|payment| of_payment(state, payment)).collect()
}

fn of_payment(state: &ObservedState, payment: &Payment) -> Vec<String> {
    let mut findings = Vec::new();
    let id = &payment.id;
    let captured: i64 = state.intents_of(&payment.order_id).map(|intent| intent.captured()).sum();
    let refunded: i64 = state.intents_of(&payment.order_id).map(|intent| intent.refunded()).sum();
    if (payment.captured, payment.refunded) != (captured, refunded) {
        findings.push(format!(
            "{id} says that {} was taken and {} given back, the provider took {captured} and gave back {refunded}",
            payment.captured, payment.refunded
        ));
    }
    let waits_for_shipment = state.rules.captures_at_shipment
        && payment.status == PaymentStatus::Authorized
        && state
            .order(&payment.order_id)
            .is_some_and(|order| matches!(order.status, OrderStatus::Confirmed | OrderStatus::Processing));
    for intent in state.intents_of(&payment.order_id).filter(|intent| intent.holds_money() && !waits_for_shipment) {
        findings.push(format!("the provider holds money for {id} by {}, and nobody takes it or lets it go", intent.id));
    }
    let total = payment.amount.amount;
    let is_consistent = match payment.status {
        PaymentStatus::Captured => payment.captured == total && payment.refunded == 0,
        PaymentStatus::PartiallyRefunded => payment.captured == total && (1..total).contains(&payment.refunded),
        PaymentStatus::Refunded => payment.captured == total && payment.refunded == total,
        _ => payment.captured == 0 && payment.refunded == 0,
    };
    if !is_consistent {
        let (status, captured, refunded) = (payment.status, payment.captured, payment.refunded);
        findings.push(format!("{id} of {total} is {status:?} with {captured} taken and {refunded} given back"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn money_that_was_taken_and_not_written_down_is_found() {
        let (mut state, history) = fixture::valid_run();
        let payment = state.payment_mut("pay_paid");
        (payment.captured, payment.refunded, payment.status) = (0, 0, PaymentStatus::Cancelled);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid says that 0 was taken", "the provider took 2598"],
        );
    }

    #[test]
    fn money_that_was_written_down_and_not_taken_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_paid").charges[0].captured = 0;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid says that 2598 was taken", "the provider took 0"],
        );
    }

    #[test]
    fn money_that_was_given_back_and_not_written_down_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_paid").charges[0].refunded = 2000;
        fixture::assert_one_finding(&check(&state, &history), &["1000 given back", "gave back 2000"]);
    }

    #[test]
    fn money_that_stays_reserved_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_gone").charges[0].state = "authorised".into();
        fixture::assert_one_finding(&check(&state, &history), &["the provider holds money for pay_gone by pi_gone"]);
    }

    #[test]
    fn a_status_that_does_not_fit_its_sums_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").status = PaymentStatus::Refunded;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid of 2598 is Refunded with 2598 taken and 1000 given back"],
        );
    }
}
