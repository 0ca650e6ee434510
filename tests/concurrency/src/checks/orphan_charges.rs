//! The shop knows every intent and refund by which the provider moved money.

use std::collections::BTreeSet;

use crate::history::History;
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str = "Every intent that moved money is an attempt of a payment, and every refund at the provider is a refund of the shop.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for intent in state.intents.iter().filter(|intent| intent.has_moved_money()) {
        let order = intent.order_id.as_deref().unwrap_or("no order");
        let is_known = state.payments_of(order).any(|payment| {
            payment.attempts.iter().any(|attempt| attempt.intent.as_deref() == Some(intent.id.as_str()))
        });
        if !is_known {
            findings
                .push(format!("{} moved money for {order}, but no payment of the order names this intent", intent.id));
        }
    }
    let refund_ids: BTreeSet<&str> = state.refunds.iter().map(|refund| refund.id.as_str()).collect();
    for refund in &state.provider_refunds {
        let refund_id = refund.metadata["refund_id"].as_str().unwrap_or("none");
        if !refund_ids.contains(refund_id) {
            findings.push(format!(
                "the provider refunded {} by {} for the refund {refund_id}, which the shop does not have",
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
    fn charged_intent_without_an_attempt_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").attempts[0].intent = Some("pi_other".into());
        fixture::assert_one_finding(&check(&state, &history), &["pi_paid moved money for ord_paid"]);
    }

    #[test]
    fn charged_intent_without_an_order_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_paid").order_id = None;
        fixture::assert_one_finding(&check(&state, &history), &["pi_paid moved money for no order"]);
    }

    #[test]
    fn unconfirmed_intent_is_no_violation() {
        let (mut state, history) = fixture::valid_run();
        let intent = state.intent_mut("pi_paid");
        let unconfirmed = crate::observed::Intent { id: "pi_spare".into(), charges: Vec::new(), ..intent.clone() };
        state.intents.push(unconfirmed);
        assert!(check(&state, &history).is_empty());
    }

    #[test]
    fn unknown_refund_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.provider_refunds[0].metadata = json!({});
        fixture::assert_one_finding(&check(&state, &history), &["refunded 1000 by re_1 for the refund none"]);
    }
}
