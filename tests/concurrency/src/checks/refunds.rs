//! Nobody gets back more than was taken, however many ask at once.

use crate::history::History;
use crate::observed::{ObservedState, Payment, Refund, RefundStatus};

pub(super) const INVARIANT: &str =
    "Refunds done and on their way are within what was taken, and are the provider's to the last cent, each once.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings: Vec<String> = state.payments.iter().flat_map(|payment| of_payment(state, payment)).collect();
    for refund in &state.refunds {
        let at_provider: Vec<_> =
            state.provider_refunds.iter().filter(|there| there.metadata["refund_id"] == refund.id.as_str()).collect();
        let (id, status) = (&refund.id, refund.status);
        match (status, at_provider.as_slice()) {
            (RefundStatus::Succeeded, [one]) if one.amount == refund.amount => {
                if refund.provider_id.as_ref().is_some_and(|known| *known != one.id) {
                    findings.push(format!(
                        "{id} says it is {:?} at the provider, and it is {}",
                        refund.provider_id, one.id
                    ));
                }
            }
            (RefundStatus::Pending | RefundStatus::Failed, []) => {}
            (_, there) => {
                let there: Vec<String> = there.iter().map(|one| format!("{} of {}", one.id, one.amount)).collect();
                findings
                    .push(format!("{id} of {} is {status:?}, and the provider has {there:?} for it", refund.amount));
            }
        }
    }
    // A strict provider says no to more than there is: it should never be asked. A refund of a disputed charge fails alone.
    let rejected = state
        .provider_requests
        .iter()
        .filter(|request| request.method == "POST" && request.path == "/v1/refunds" && request.status == Some(400));
    for request in rejected {
        let order = request.order_id.as_deref().unwrap_or("no order");
        findings.push(format!("the provider had to refuse a refund for {order}: our own bound did not hold"));
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
            "{id} says {refunded} is back and {refunding} on its way; its refunds come to {succeeded} and {pending}"
        ));
    }
    if succeeded + pending > *captured || refunded + refunding > *captured {
        findings.push(format!(
            "{id}: {succeeded} back and {pending} on its way are more than the {captured} that was taken"
        ));
    }
    if *refundable != captured - refunded - refunding {
        findings.push(format!(
            "{id}: of {captured} taken, {refunded} back and {refunding} on its way, {refundable} is said to be left"
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
    fn more_back_than_was_taken_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = 3000;
        state.provider_refunds[0].amount = 3000;
        let payment = state.payment_mut("pay_paid");
        (payment.refunded, payment.refundable) = (3000, -402);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["pay_paid: 3000 back and 0 on its way are more than the 2598"],
        );
    }

    #[test]
    fn refunds_on_their_way_count() {
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
            &["1000 back and 2000 on its way are more than the 2598"],
        );
    }

    #[test]
    fn sums_that_do_not_fit_the_refunds_are_found() {
        let (mut state, history) = fixture::valid_run();
        let payment = state.payment_mut("pay_paid");
        (payment.refunded, payment.refundable) = (500, 2098);
        fixture::assert_one_finding(&check(&state, &history), &["pay_paid says 500 is back", "come to 1000 and 0"]);
        let payment = state.payment_mut("pay_paid");
        (payment.refunded, payment.refundable) = (1000, 2598);
        fixture::assert_one_finding(&check(&state, &history), &["2598 is said to be left"]);
    }

    #[test]
    fn a_refund_that_the_provider_made_twice_or_never_is_found() {
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
            &["rfd_1 of 1000 is Succeeded, and the provider has [] for it"],
        );
    }

    #[test]
    fn a_failed_refund_that_the_provider_made_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].status = RefundStatus::Failed;
        let findings = check(&state, &history);
        assert!(
            findings.iter().any(|finding| finding.contains("rfd_1 of 1000 is Failed, and the provider has")),
            "{findings:?}"
        );
    }

    #[test]
    fn a_refund_of_another_name_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].provider_id = Some("re_other".into());
        fixture::assert_one_finding(&check(&state, &history), &["rfd_1 says it is Some(\"re_other\")"]);
    }

    #[test]
    fn a_provider_that_had_to_say_no_is_heard() {
        let (mut state, history) = fixture::valid_run();
        state.provider_requests.push(ProviderRequest {
            method: "POST".into(),
            path: "/v1/refunds".into(),
            order_id: Some("ord_paid".into()),
            status: Some(400),
        });
        fixture::assert_one_finding(&check(&state, &history), &["the provider had to refuse a refund for ord_paid"]);
    }
}
