//! The history of an order is the order: folding it gives the stored row, to the last field.

use serde_json::Value;

use crate::history::History;
use crate::observed::{ObservedState, Order};

pub(super) const INVARIANT: &str =
    "An order's history has an entry for each version, and folding it gives the stored order.";

/// What each entry says of the order by the same name.
const COPIED_FIELDS: [&str; 6] =
    ["version", "status", "paymentStatus", "paymentSequence", "fulfilmentStatus", "holdExpiresAt"];

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    orders_with_wrong_history(&state.orders)
}

/// The orders whose histories do not fold to them, and why.
pub fn orders_with_wrong_history(orders: &[Order]) -> Vec<String> {
    orders.iter().filter_map(|order| Some(format!("{}: {}", order.id, mismatch(order)?))).collect()
}

fn mismatch(order: &Order) -> Option<String> {
    let versions: Vec<u64> = order.steps.iter().map(|step| step.version).collect();
    if versions != (1..=order.version).collect::<Vec<u64>>() {
        return Some(format!("it is at version {}, and its history has {versions:?}", order.version));
    }
    let mut folded = order.steps.first()?.row["placed"].clone();
    if !folded.is_object() {
        return Some("its first entry does not say what was placed".to_owned());
    }
    for step in &order.steps {
        for name in COPIED_FIELDS {
            folded[name] = step.row[name].clone();
        }
        folded["updatedAt"] = step.row["at"].clone();
    }
    let differs = differing_fields(&folded, &order.row);
    (!differs.is_empty()).then(|| format!("its history folds to something else in {}", differs.join(", ")))
}

/// The members in which two objects differ, with both values.
fn differing_fields(folded: &Value, stored: &Value) -> Vec<String> {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (left, right) = (members(folded), members(stored));
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort();
    names.dedup();
    let differ = names.into_iter().filter(|name| left.get(*name) != right.get(*name));
    differ.map(|name| format!("{name} ({} instead of {})", folded[name], stored[name])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, PAID};
    use serde_json::json;

    fn findings_after(change: impl FnOnce(&mut Order)) -> Vec<String> {
        let (mut state, history) = fixture::valid_run();
        change(state.order_mut(PAID));
        check(&state, &history)
    }

    #[test]
    fn a_missing_entry_is_found_wherever_it_is() {
        fixture::assert_one_finding(
            &findings_after(|order| drop(order.steps.remove(1))),
            &["at version 4, and its history has [1, 3, 4]"],
        );
        fixture::assert_one_finding(
            &findings_after(|order| drop(order.steps.pop())),
            &["at version 4, and its history has [1, 2, 3]"],
        );
        fixture::assert_one_finding(
            &findings_after(|order| order.steps.clear()),
            &["at version 4, and its history has []"],
        );
    }

    #[test]
    fn a_history_that_does_not_say_what_was_placed_is_found() {
        fixture::assert_one_finding(
            &findings_after(|order| order.steps[0].row["placed"] = Value::Null),
            &["does not say what was placed"],
        );
    }

    #[test]
    fn an_entry_that_says_something_else_is_found() {
        let findings = findings_after(|order| order.steps[3].row["paymentStatus"] = json!("refunded"));
        fixture::assert_one_finding(&findings, &["paymentStatus (\"refunded\" instead of \"partially_refunded\")"]);
        let findings = findings_after(|order| order.row["total"]["amount"] = json!(1));
        fixture::assert_one_finding(&findings, &["ord_paid: its history folds to something else in total"]);
        let findings = findings_after(|order| order.row["note"] = json!("by hand"));
        fixture::assert_one_finding(&findings, &["note (null instead of \"by hand\")"]);
    }
}
