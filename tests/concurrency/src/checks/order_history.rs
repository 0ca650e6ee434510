//! The history of an order equals the order: folding it gives the stored row, with all fields.

use serde_json::Value;

use crate::history::History;
use crate::observed::{ObservedState, Order};

pub(super) const INVARIANT: &str =
    "An order's history has an entry for each version, and folding it gives the stored order.";

/// The fields that a fold copies from each entry to the order.
const COPIED_FIELDS: [&str; 6] =
    ["version", "status", "paymentStatus", "paymentSequence", "fulfilmentStatus", "holdExpiresAt"];

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    orders_with_wrong_history(&state.orders)
}

/// Describes the orders that differ from the fold of their histories.
pub fn orders_with_wrong_history(orders: &[Order]) -> Vec<String> {
    orders.iter().filter_map(|order| Some(format!("{}: {}", order.id, mismatch(order)?))).collect()
}

fn mismatch(order: &Order) -> Option<String> {
    let versions: Vec<u64> = order.steps.iter().map(|step| step.version).collect();
    if versions != (1..=order.version).collect::<Vec<u64>>() {
        return Some(format!("the order is at version {}, but its history has {versions:?}", order.version));
    }
    let mut folded = order.steps.first()?.row["placed"].clone();
    if !folded.is_object() {
        return Some("the first entry does not contain the placed order".to_owned());
    }
    for step in &order.steps {
        for name in COPIED_FIELDS {
            folded[name] = step.row[name].clone();
        }
        folded["updatedAt"] = step.row["at"].clone();
    }
    let mut stored = order.row.clone();
    // The names of the counters of an unpaid order, whether it names its stock movements, the request of a new one, and the mark of a
    // write. No history has them.
    for name in ["held", "namesMoves", "correlationId", "mark"] {
        stored.as_object_mut().map(|members| members.remove(name));
    }
    let differs = differing_fields(&folded, &stored);
    (!differs.is_empty()).then(|| format!("the fold of its history differs in {}", differs.join(", ")))
}

/// The members that differ between two objects, with both values.
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
    fn missing_entry_is_a_violation() {
        fixture::assert_one_finding(
            &findings_after(|order| drop(order.steps.remove(1))),
            &["at version 4, but its history has [1, 3, 4]"],
        );
        fixture::assert_one_finding(
            &findings_after(|order| drop(order.steps.pop())),
            &["at version 4, but its history has [1, 2, 3]"],
        );
        fixture::assert_one_finding(
            &findings_after(|order| order.steps.clear()),
            &["at version 4, but its history has []"],
        );
    }

    #[test]
    fn history_without_the_placed_order_is_a_violation() {
        fixture::assert_one_finding(
            &findings_after(|order| order.steps[0].row["placed"] = Value::Null),
            &["does not contain the placed order"],
        );
    }

    #[test]
    fn differing_field_is_a_violation() {
        let findings = findings_after(|order| order.steps[3].row["paymentStatus"] = json!("refunded"));
        fixture::assert_one_finding(&findings, &["paymentStatus (\"refunded\" instead of \"partially_refunded\")"]);
        let findings = findings_after(|order| order.row["total"]["amount"] = json!(1));
        fixture::assert_one_finding(&findings, &["ord_paid: the fold of its history differs in total"]);
        let findings = findings_after(|order| order.row["note"] = json!("by hand"));
        fixture::assert_one_finding(&findings, &["note (null instead of \"by hand\")"]);
    }
}
