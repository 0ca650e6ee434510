//! An acknowledged change is durable, even if a process crashes afterwards.

use std::collections::BTreeSet;

use crate::history::{Effect, History};
use crate::observed::{ObservedState, OrderStatus};
use crate::operation::{Operation, OperationKind};

pub(super) const INVARIANT: &str = "An acknowledged cancellation stays, an acknowledged status is in the order's history, and every acknowledged refund exists, one for each key.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let operations = history.operations();
    applied(&operations)
        .flat_map(|operation| match &operation.kind {
            OperationKind::CancelOrder { order } => cancelled(state, operation, order).into_iter().collect(),
            OperationKind::SetStatus { order, status } => moved(state, operation, order, status),
            OperationKind::RequestRefund { payment } => refunded(state, operation, payment),
            _ => Vec::new(),
        })
        .collect()
}

/// The acknowledged cancellations, statuses and refunds.
pub(super) fn applied<'a>(operations: &'a [Operation<'a>]) -> impl Iterator<Item = &'a Operation<'a>> {
    let is_judged = |kind: &OperationKind| {
        use OperationKind::{CancelOrder, RequestRefund, SetStatus};
        matches!(kind, CancelOrder { .. } | SetStatus { .. } | RequestRefund { .. })
    };
    operations.iter().filter(move |operation| is_judged(&operation.kind) && operation.effect() == Effect::Applied)
}

fn cancelled(state: &ObservedState, operation: &Operation<'_>, id: &str) -> Option<String> {
    let order = state.order(id).filter(|order| order.status != OrderStatus::Cancelled)?;
    Some(format!("{id} ({}) was acknowledged as cancelled, but is {:?}", operation.call_numbers(), order.status))
}

/// The version that was answered must have the status that was answered, also after a concurrent update.
fn moved(state: &ObservedState, operation: &Operation<'_>, id: &str, status: &str) -> Vec<String> {
    let Some(order) = state.order(id) else { return Vec::new() };
    let lost = operation.successful_calls().filter(|call| {
        let version = call.answer["version"].as_u64();
        !order.steps.iter().any(|step| Some(step.version) == version && step.row["status"] == status)
    });
    lost.map(|call| {
        let version = &call.answer["version"];
        format!(
            "#{} was acknowledged with {id} as {status} at version {version}, which its history does not have",
            call.seq
        )
    })
    .collect()
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
    fn acknowledged_status_that_is_missing_is_a_violation() {
        let (mut state, mut history) = fixture::valid_run();
        let path = format!("/api/v1/orders/{PAID}/status");
        let call =
            CallRecord::new("admin", Some("usr_root"), "PATCH", &path, json!({ "status": "processing" }), Some("k"));
        let answer = json!({ "id": PAID, "status": "processing", "version": 4 });
        history.calls.push(CallRecord { seq: 99, status: Some(200), ended_us: Some(1), answer, ..call });
        fixture::assert_one_finding(
            &check(&state, &history),
            &["#99 was acknowledged with ord_paid as processing at version 4"],
        );
        state.order_mut(PAID).steps[3].row["status"] = json!("processing");
        assert_eq!(check(&state, &history), Vec::<String>::new());
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
