//! The shop's payments agree with the provider's ledger.

use crate::history::History;
use crate::observed::{ObservedState, OrderStatus, Payment, PaymentStatus};

pub(super) const INVARIANT: &str =
    "For every payment the provider captured and refunded what the shop's row says, and no authorisation is left open.";

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
            "{id} has {} captured and {} refunded, but the provider captured {captured} and refunded {refunded}",
            payment.captured, payment.refunded
        ));
    }
    let waits_for_shipment = state.rules.captures_at_shipment
        && payment.status == PaymentStatus::Authorized
        && state
            .order(&payment.order_id)
            .is_some_and(|order| matches!(order.status, OrderStatus::Confirmed | OrderStatus::Processing));
    for intent in state.intents_of(&payment.order_id).filter(|intent| intent.holds_money() && !waits_for_shipment) {
        findings
            .push(format!("the provider holds money for {id} by {}, which is neither captured nor voided", intent.id));
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
        findings.push(format!("{id} of {total} is {status:?} with {captured} captured and {refunded} refunded"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn unrecorded_capture_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let payment = state.payment_mut("pay_paid");
        (payment.captured, payment.refunded, payment.status) = (0, 0, PaymentStatus::Cancelled);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid has 0 captured", "the provider captured 2598"],
        );
    }

    #[test]
    fn recorded_capture_that_did_not_happen_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_paid").charges[0].captured = 0;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid has 2598 captured", "the provider captured 0"],
        );
    }

    #[test]
    fn unrecorded_refund_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_paid").charges[0].refunded = 2000;
        fixture::assert_one_finding(&check(&state, &history), &["1000 refunded", "refunded 2000"]);
    }

    #[test]
    fn open_authorisation_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_gone").charges[0].state = "authorised".into();
        fixture::assert_one_finding(&check(&state, &history), &["the provider holds money for pay_gone by pi_gone"]);
    }

    #[test]
    fn status_that_contradicts_the_amounts_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").status = PaymentStatus::Refunded;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid of 2598 is Refunded with 2598 captured and 1000 refunded"],
        );
    }
}
