//! A repeated request gets the answer of the first one, whatever has happened to the order since.

use crate::history::History;
use crate::observed::ObservedState;
use crate::operation::{Operation, OperationKind};

pub(super) const INVARIANT: &str = "All answers to one key show the order as it was answered first.";

pub(super) fn check(_: &ObservedState, history: &History) -> Vec<String> {
    repeated(&history.operations()).flat_map(differing).collect()
}

/// The changes of orders that were answered more than once.
pub(super) fn repeated<'a>(operations: &'a [Operation<'a>]) -> impl Iterator<Item = &'a Operation<'a>> {
    use OperationKind::{CancelOrder, PlaceOrder, SetStatus};
    let is_judged = |kind: &OperationKind| matches!(kind, PlaceOrder { .. } | CancelOrder { .. } | SetStatus { .. });
    operations
        .iter()
        .filter(move |operation| is_judged(&operation.kind) && operation.successful_calls().nth(1).is_some())
}

fn differing(operation: &Operation<'_>) -> Vec<String> {
    let mut calls = operation.successful_calls();
    let Some(first) = calls.next() else { return Vec::new() };
    let others = calls.filter(|call| call.answer != first.answer);
    others
        .map(|call| {
            format!("#{} was answered {} and #{} with the same key {}", first.seq, first.answer, call.seq, call.answer)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, PAID};
    use serde_json::json;

    #[test]
    fn repetition_that_shows_the_present_is_a_violation() {
        let (state, mut history) = fixture::valid_run();
        fixture::repeat_call(&mut history, "key-paid", json!({ "id": PAID }));
        assert!(check(&state, &history).is_empty(), "the same answer");
        fixture::repeat_call(&mut history, "key-paid", json!({ "id": PAID, "version": 4 }));
        fixture::assert_one_finding(&check(&state, &history), &["with the same key", "\"version\":4"]);
    }

    #[test]
    fn lost_response_is_no_answer() {
        let (state, mut history) = fixture::valid_run();
        fixture::call_mut(&mut history, "/orders").status = None;
        fixture::repeat_call(&mut history, "key-paid", json!({ "id": PAID, "version": 4 }));
        history.calls.iter_mut().filter(|call| call.answer["version"] == 4).for_each(|call| call.status = Some(201));
        assert!(check(&state, &history).is_empty());
    }
}
