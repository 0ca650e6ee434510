//! The same request twice is one order. The suite writes each request's key into its address, where no part of souk looks.

use std::collections::BTreeMap;

use crate::history::{Effect, History};
use crate::observed::{ObservedState, Order};
use crate::operation::OperationKind;

pub(super) const INVARIANT: &str =
    "One key makes one order at most: exactly one if that was ever answered, none if it was refused.";

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
                findings.push(format!("the key {key} ({calls}) made {} orders: {}", ids.len(), ids.join(", ")))
            }
            Effect::Applied if ids.is_empty() => {
                findings.push(format!("the key {key} ({calls}) was promised an order, and there is none"))
            }
            Effect::Rejected if !ids.is_empty() => {
                findings.push(format!("the key {key} ({calls}) was refused, and made {}", ids[0]))
            }
            _ => {}
        }
        for call in operation.successful_calls() {
            let id = call.answer["id"].as_str().unwrap_or_default();
            if !ids.is_empty() && !ids.contains(&id) {
                findings.push(format!("#{} was told of the order {id:?}, and its key {key} made {}", call.seq, ids[0]));
            }
        }
    }
    let unknown = by_key.into_values().flatten();
    findings.extend(unknown.map(|order| format!("nobody asked for the order {} (key {:?})", order.id, order.key)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED, PAID};
    use serde_json::json;

    #[test]
    fn two_orders_of_one_key_are_found() {
        let (mut state, history) = fixture::valid_run();
        let mut second = state.order_mut(PAID).clone();
        second.id = "ord_second".into();
        state.orders.push(second);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["the key key-paid", "made 2 orders: ord_paid, ord_second"],
        );
    }

    #[test]
    fn a_promised_order_that_is_not_there_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.orders.retain(|order| order.id != PAID);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["the key key-paid", "was promised an order, and there is none"],
        );
    }

    #[test]
    fn an_order_that_was_refused_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(CANCELLED).key = Some("key-refused".into());
        let findings = check(&state, &history);
        assert!(findings.iter().any(|finding| finding.contains("was refused, and made ord_gone")), "{findings:?}");
    }

    #[test]
    fn a_repetition_that_is_told_of_another_order_is_found() {
        let (state, mut history) = fixture::valid_run();
        fixture::repeat_call(&mut history, "key-paid", json!({ "id": "ord_other" }));
        fixture::assert_one_finding(
            &check(&state, &history),
            &["was told of the order \"ord_other\"", "made ord_paid"],
        );
    }

    #[test]
    fn an_order_that_nobody_asked_for_is_found() {
        let (mut state, history) = fixture::valid_run();
        let mut unrequested = state.order_mut(PAID).clone();
        (unrequested.id, unrequested.key) = ("ord_ghost".into(), None);
        state.orders.push(unrequested);
        fixture::assert_one_finding(&check(&state, &history), &["nobody asked for the order ord_ghost"]);
    }

    #[test]
    fn a_lost_answer_promises_nothing() {
        let (mut state, mut history) = fixture::valid_run();
        fixture::call_mut(&mut history, "/orders").status = None;
        assert!(check(&state, &history).is_empty(), "it happened");
        state.orders.retain(|order| order.id != PAID);
        assert!(check(&state, &history).is_empty(), "it did not");
    }
}
