//! No money moves that our books do not know of.

use std::collections::BTreeSet;

use crate::history::History;
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str =
    "Every intent that moved money is an attempt of a payment, and every refund at the provider is one of ours.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for intent in state.intents.iter().filter(|intent| intent.has_moved_money()) {
        let order = intent.order_id.as_deref().unwrap_or("no order");
        let is_known = state.payments_of(order).any(|payment| {
            payment.attempts.iter().any(|attempt| attempt.intent.as_deref() == Some(intent.id.as_str()))
        });
        if !is_known {
            findings.push(format!("{} moved money for {order}, and no payment of it knows that intent", intent.id));
        }
    }
    let refund_ids: BTreeSet<&str> = state.refunds.iter().map(|refund| refund.id.as_str()).collect();
    for refund in &state.provider_refunds {
        let refund_id = refund.metadata["refund_id"].as_str().unwrap_or("none");
        if !refund_ids.contains(refund_id) {
            findings.push(format!(
                "the provider gave back {} by {} for our refund {refund_id}, which we do not know",
                refund.amount, refund.id
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    #[test]
    fn an_intent_that_no_attempt_names_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").attempts[0].intent = Some("pi_other".into());
        fixture::assert_one_finding(&check(&state, &history), &["pi_paid moved money for ord_paid"]);
    }

    #[test]
    fn an_intent_of_an_order_that_does_not_exist_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_paid").order_id = None;
        fixture::assert_one_finding(&check(&state, &history), &["pi_paid moved money for no order"]);
    }

    #[test]
    fn an_intent_that_was_made_and_never_confirmed_is_nothing() {
        let (mut state, history) = fixture::valid_run();
        let intent = state.intent_mut("pi_paid");
        let unconfirmed = crate::observed::Intent { id: "pi_spare".into(), charges: Vec::new(), ..intent.clone() };
        state.intents.push(unconfirmed);
        assert!(check(&state, &history).is_empty());
    }

    #[test]
    fn a_refund_that_we_do_not_know_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.provider_refunds[0].metadata = json!({});
        fixture::assert_one_finding(&check(&state, &history), &["gave back 1000 by re_1 for our refund none"]);
    }
}
