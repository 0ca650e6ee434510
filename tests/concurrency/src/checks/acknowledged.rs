//! An acknowledged change is durable, even if a process crashes afterwards.

use std::collections::BTreeSet;

use crate::history::{Effect, History};
use crate::observed::{ObservedState, OrderStatus};
use crate::operation::{Operation, OperationKind};

pub(super) const INVARIANT: &str =
    "An acknowledged cancellation stays, and every acknowledged refund exists, one for each key.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let operations = history.operations();
    applied(&operations)
        .flat_map(|operation| match &operation.kind {
            OperationKind::CancelOrder { order } => cancelled(state, operation, order).into_iter().collect(),
            OperationKind::RequestRefund { payment } => refunded(state, operation, payment),
            _ => Vec::new(),
        })
        .collect()
}

/// The acknowledged cancellations and refunds.
pub(super) fn applied<'a>(operations: &'a [Operation<'a>]) -> impl Iterator<Item = &'a Operation<'a>> {
    let is_judged =
        |kind: &OperationKind| matches!(kind, OperationKind::CancelOrder { .. } | OperationKind::RequestRefund { .. });
    operations.iter().filter(move |operation| is_judged(&operation.kind) && operation.effect() == Effect::Applied)
}

fn cancelled(state: &ObservedState, operation: &Operation<'_>, id: &str) -> Option<String> {
    let order = state.order(id).filter(|order| order.status != OrderStatus::Cancelled)?;
    Some(format!("{id} ({}) was acknowledged as cancelled, but is {:?}", operation.call_numbers(), order.status))
}

fn refunded(state: &ObservedState, operation: &Operation<'_>, payment: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let acknowledged: BTreeSet<&str> =
        operation.successful_calls().filter_map(|call| call.answer["id"].as_str()).collect();
    if acknowledged.len() > 1 {
        findings
            .push(format!("one key ({}) was acknowledged with the refunds {acknowledged:?}", operation.call_numbers()));
    }
    for call in operation.successful_calls() {
        let id = call.answer["id"].as_str().unwrap_or_default();
        let amount = call.answer["amount"]["amount"].as_i64();
        let stored = state.refunds.iter().find(|refund| refund.id == id && refund.payment_id == payment);
        match stored {
            None => findings.push(format!(
                "#{} was acknowledged with the refund {id:?} of {payment}, which does not exist",
                call.seq
            )),
            Some(stored) if Some(stored.amount) != amount => {
                findings.push(format!(
                    "#{} was acknowledged with a refund {id} of {amount:?}, but it is of {}",
                    call.seq, stored.amount
                ));
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
    fn acknowledged_cancellation_that_is_missing_is_a_violation() {
        let (state, mut history) = fixture::valid_run();
        let path = format!("/api/v1/orders/{PAID}/cancel");
        let call = CallRecord::new("ada", Some("usr_ada"), "POST", &path, Value::Null, None);
        history.calls.push(CallRecord { seq: 99, status: Some(200), ended_us: Some(1), ..call });
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid (#99) was acknowledged as cancelled, but is Confirmed"],
        );
    }

    #[test]
    fn acknowledged_refund_that_is_missing_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.refunds.clear();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["was acknowledged with the refund \"rfd_1\" of pay_paid, which does not exist"],
        );
    }

    #[test]
    fn refund_of_another_amount_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = 7;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["was acknowledged with a refund rfd_1 of Some(1000), but it is of 7"],
        );
    }

    #[test]
    fn two_refunds_of_one_key_are_a_violation() {
        let (mut state, mut history) = fixture::valid_run();
        let mut second = state.refunds[0].clone();
        second.id = "rfd_2".into();
        state.refunds.push(second);
        fixture::repeat_call(&mut history, "key-refund", json!({ "id": "rfd_2", "amount": { "amount": 1000 } }));
        fixture::assert_one_finding(
            &check(&state, &history),
            &["one key", "was acknowledged with the refunds", "rfd_2"],
        );
    }
}
