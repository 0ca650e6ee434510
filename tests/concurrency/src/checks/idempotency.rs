//! Repeated requests with one key place one order. The suite writes each key into the postal address, which souk does not
//! interpret.

use std::collections::BTreeMap;

use crate::history::{Effect, History};
use crate::observed::{ObservedState, Order};
use crate::operation::OperationKind;

pub(super) const INVARIANT: &str =
    "One key places at most one order: exactly one if it was acknowledged, none if it was rejected.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let mut by_key: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    for order in &state.orders {
        by_key.entry(order.key.as_deref().unwrap_or_default()).or_default().push(order);
    }
    let mut findings = Vec::new();
    for operation in history.operations() {
        let OperationKind::PlaceOrder { key, .. } = &operation.kind else { continue };
        let orders = by_key.remove(key.as_str()).unwrap_or_default();
        let ids: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
        let calls = operation.call_numbers();
        match operation.effect() {
            _ if ids.len() > 1 => {
                findings.push(format!("the key {key} ({calls}) placed {} orders: {}", ids.len(), ids.join(", ")))
            }
            Effect::Applied if ids.is_empty() => {
                findings.push(format!("the key {key} ({calls}) was acknowledged with an order that does not exist"))
            }
            Effect::Rejected if !ids.is_empty() => {
                findings.push(format!("the key {key} ({calls}) was rejected, but placed {}", ids[0]))
            }
            _ => {}
        }
        for call in operation.successful_calls() {
            let id = call.answer["id"].as_str().unwrap_or_default();
            if !ids.is_empty() && !ids.contains(&id) {
                findings.push(format!(
                    "#{} was answered with the order {id:?}, but its key {key} placed {}",
                    call.seq, ids[0]
                ));
            }
        }
    }
    let unknown = by_key.into_values().flatten();
    findings.extend(unknown.map(|order| format!("no call requested the order {} (key {:?})", order.id, order.key)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED, PAID};
    use serde_json::json;

    #[test]
    fn two_orders_of_one_key_are_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let mut second = state.order_mut(PAID).clone();
        second.id = "ord_second".into();
        state.orders.push(second);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["the key key-paid", "placed 2 orders: ord_paid, ord_second"],
        );
    }

    #[test]
    fn acknowledged_order_that_is_missing_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.orders.retain(|order| order.id != PAID);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["the key key-paid", "was acknowledged with an order that does not exist"],
        );
    }

    #[test]
    fn order_of_a_rejected_request_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(CANCELLED).key = Some("key-refused".into());
        let findings = check(&state, &history);
        assert!(findings.iter().any(|finding| finding.contains("was rejected, but placed ord_gone")), "{findings:?}");
    }

    #[test]
    fn repetition_with_another_order_is_a_violation() {
        let (state, mut history) = fixture::valid_run();
        fixture::repeat_call(&mut history, "key-paid", json!({ "id": "ord_other" }));
        fixture::assert_one_finding(
            &check(&state, &history),
            &["was answered with the order \"ord_other\"", "placed ord_paid"],
        );
    }

    #[test]
    fn order_without_a_request_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let mut unrequested = state.order_mut(PAID).clone();
        (unrequested.id, unrequested.key) = ("ord_ghost".into(), None);
        state.orders.push(unrequested);
        fixture::assert_one_finding(&check(&state, &history), &["no call requested the order ord_ghost"]);
    }

    #[test]
    fn lost_response_acknowledges_nothing() {
        let (mut state, mut history) = fixture::valid_run();
        fixture::call_mut(&mut history, "/orders").status = None;
        assert!(check(&state, &history).is_empty(), "the order was placed");
        state.orders.retain(|order| order.id != PAID);
        assert!(check(&state, &history).is_empty(), "the order was not placed");
    }
}
