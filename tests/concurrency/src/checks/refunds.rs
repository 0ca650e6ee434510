//! Refunds never exceed the captured amount, however many are requested at the same time.

use crate::history::History;
use crate::observed::{ObservedState, Payment, Refund, RefundStatus};

pub(super) const INVARIANT: &str = "Succeeded and pending refunds are at most the captured amount, and each equals exactly one refund at the provider.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings: Vec<String> = state.payments.iter().flat_map(|payment| of_payment(state, payment)).collect();
    for refund in &state.refunds {
        let at_provider: Vec<_> =
            state.provider_refunds.iter().filter(|there| there.metadata["refund_id"] == refund.id.as_str()).collect();
        let (id, status) = (&refund.id, refund.status);
        match (status, at_provider.as_slice()) {
            (RefundStatus::Succeeded, [one]) if one.amount == refund.amount => {
                if refund.provider_id.as_ref().is_some_and(|known| *known != one.id) {
                    findings.push(format!("{id} names {:?} at the provider, but it is {}", refund.provider_id, one.id));
                }
            }
            (RefundStatus::Pending | RefundStatus::Failed, []) => {}
            (_, there) => {
                let there: Vec<String> = there.iter().map(|one| format!("{} of {}", one.id, one.amount)).collect();
                findings
                    .push(format!("{id} of {} is {status:?}, but the provider has {there:?} for it", refund.amount));
            }
        }
    }
    // The strict provider rejects a refund that exceeds the captured amount, so the shop must never request one. No scenario uses a
    // card with disputed charges, whose refunds are rejected with the same status.
    let rejected = state
        .provider_requests
        .iter()
        .filter(|request| request.method == "POST" && request.path == "/v1/refunds" && request.status == Some(400));
    for request in rejected {
        let order = request.order_id.as_deref().unwrap_or("no order");
        findings.push(format!("the provider rejected a refund for {order}, which the shop should not have requested"));
    }
    findings
}

fn of_payment(state: &ObservedState, payment: &Payment) -> Vec<String> {
    let mut findings = Vec::new();
    let sum = |status| -> i64 {
        let refunds =
            state.refunds.iter().filter(|refund: &&Refund| refund.payment_id == payment.id && refund.status == status);
        refunds.map(|refund| refund.amount).sum()
    };
    let (succeeded, pending) = (sum(RefundStatus::Succeeded), sum(RefundStatus::Pending));
    let Payment { id, captured, refunded, refunding, refundable, .. } = payment;
    if (succeeded, pending) != (*refunded, *refunding) {
        findings.push(format!(
            "{id} has {refunded} refunded and {refunding} pending, but its refunds add up to {succeeded} and {pending}"
        ));
    }
    if succeeded + pending > *captured || refunded + refunding > *captured {
        findings.push(format!("{id}: {succeeded} refunded and {pending} pending exceed the captured {captured}"));
    }
    if *refundable != captured - refunded - refunding {
        findings.push(format!(
            "{id}: with {captured} captured, {refunded} refunded and {refunding} pending, {refundable} cannot be refundable"
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::observed::ProviderRequest;

    #[test]
    fn refund_above_the_captured_amount_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = 3000;
        state.provider_refunds[0].amount = 3000;
        let payment = state.payment_mut("pay_paid");
        (payment.refunded, payment.refundable) = (3000, -402);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid: 3000 refunded and 0 pending exceed the captured 2598"],
        );
    }

    #[test]
    fn pending_refunds_count() {
        let (mut state, history) = fixture::valid_run();
        state.refunds.push(Refund {
            id: "rfd_2".into(),
            amount: 2000,
            status: RefundStatus::Pending,
            provider_id: None,
            ..state.refunds[0].clone()
        });
        let payment = state.payment_mut("pay_paid");
        (payment.refunding, payment.refundable) = (2000, -402);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["1000 refunded and 2000 pending exceed the captured 2598"],
        );
    }

    #[test]
    fn amounts_that_contradict_the_refunds_are_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let payment = state.payment_mut("pay_paid");
        (payment.refunded, payment.refundable) = (500, 2098);
        fixture::assert_one_finding(&check(&state, &history), &["pay_paid has 500 refunded", "add up to 1000 and 0"]);
        let payment = state.payment_mut("pay_paid");
        (payment.refunded, payment.refundable) = (1000, 2598);
        fixture::assert_one_finding(&check(&state, &history), &["2598 cannot be refundable"]);
    }

    #[test]
    fn repeated_or_missing_refund_at_the_provider_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let mut again = state.provider_refunds[0].clone();
        again.id = "re_2".into();
        state.provider_refunds.push(again);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["rfd_1 of 1000 is Succeeded", "re_1 of 1000", "re_2 of 1000"],
        );
        state.provider_refunds.clear();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["rfd_1 of 1000 is Succeeded, but the provider has [] for it"],
        );
    }

    #[test]
    fn failed_refund_that_the_provider_has_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].status = RefundStatus::Failed;
        let findings = check(&state, &history);
        assert!(
            findings.iter().any(|finding| finding.contains("rfd_1 of 1000 is Failed, but the provider has")),
            "{findings:?}"
        );
    }

    #[test]
    fn wrong_provider_id_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].provider_id = Some("re_other".into());
        fixture::assert_one_finding(&check(&state, &history), &["rfd_1 names Some(\"re_other\")"]);
    }

    #[test]
    fn rejected_refund_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.provider_requests.push(ProviderRequest {
            method: "POST".into(),
            path: "/v1/refunds".into(),
            order_id: Some("ord_paid".into()),
            status: Some(400),
        });
        fixture::assert_one_finding(&check(&state, &history), &["the provider rejected a refund for ord_paid"]);
    }
}
