//! What was promised is kept, whatever crashed afterwards.

use std::collections::BTreeSet;

use crate::history::{Effect, History};
use crate::observed::{ObservedState, OrderStatus};
use crate::operation::{Operation, OperationKind};

pub(super) const INVARIANT: &str =
    "A cancelled order stays cancelled, and every refund that was promised is there, one for each key.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let operations = history.operations();
    let applied = operations.iter().filter(|operation| operation.effect() == Effect::Applied);
    applied
        .flat_map(|operation| match &operation.kind {
            OperationKind::CancelOrder { order } => cancelled(state, operation, order).into_iter().collect(),
            OperationKind::RequestRefund { payment } => refunded(state, operation, payment),
            _ => Vec::new(),
        })
        .collect()
}

fn cancelled(state: &ObservedState, operation: &Operation<'_>, id: &str) -> Option<String> {
    let order = state.order(id).filter(|order| order.status != OrderStatus::Cancelled)?;
    Some(format!("{id} ({}) was promised to be cancelled, and is {:?}", operation.call_numbers(), order.status))
}

fn refunded(state: &ObservedState, operation: &Operation<'_>, payment: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let acknowledged: BTreeSet<&str> =
        operation.successful_calls().filter_map(|call| call.answer["id"].as_str()).collect();
    if acknowledged.len() > 1 {
        findings.push(format!("one key ({}) was promised the refunds {acknowledged:?}", operation.call_numbers()));
    }
    for call in operation.successful_calls() {
        let id = call.answer["id"].as_str().unwrap_or_default();
        let amount = call.answer["amount"]["amount"].as_i64();
        let stored = state.refunds.iter().find(|refund| refund.id == id && refund.payment_id == payment);
        match stored {
            None => {
                findings.push(format!("#{} was promised the refund {id:?} of {payment}, and there is none", call.seq))
            }
            Some(stored) if Some(stored.amount) != amount => {
                findings
                    .push(format!("#{} was promised {amount:?} back by {id}, which is of {}", call.seq, stored.amount));
            }
            Some(_) => {}
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, PAID};
    use crate::history::CallRecord;
    use serde_json::{Value, json};

    #[test]
    fn an_order_that_was_promised_to_be_cancelled_and_lives_is_found() {
        let (state, mut history) = fixture::valid_run();
        let path = format!("/api/v1/orders/{PAID}/cancel");
        let call = CallRecord::new("ada", Some("usr_ada"), "POST", &path, Value::Null, None);
        history.calls.push(CallRecord { seq: 99, status: Some(200), ended_us: Some(1), ..call });
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid (#99) was promised to be cancelled, and is Confirmed"],
        );
    }

    #[test]
    fn a_refund_that_was_promised_and_is_not_there_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.refunds.clear();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["was promised the refund \"rfd_1\" of pay_paid, and there is none"],
        );
    }

    #[test]
    fn a_refund_of_another_amount_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = 7;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["was promised Some(1000) back by rfd_1, which is of 7"],
        );
    }

    #[test]
    fn two_refunds_of_one_key_are_found() {
        let (mut state, mut history) = fixture::valid_run();
        let mut second = state.refunds[0].clone();
        second.id = "rfd_2".into();
        state.refunds.push(second);
        fixture::repeat_call(&mut history, "key-refund", json!({ "id": "rfd_2", "amount": { "amount": 1000 } }));
        fixture::assert_one_finding(&check(&state, &history), &["one key", "was promised the refunds", "rfd_2"]);
    }
}
