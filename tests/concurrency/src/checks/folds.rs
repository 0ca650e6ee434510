//! The history of an order is the order: folding it gives the stored row, to the last field.

use serde_json::Value;

use crate::history::History;
use crate::world::{Order, World};

pub(super) const SAYS: &str =
    "An order's history has an entry for each version, and folding it gives the stored order.";

/// What each entry says of the order by the same name.
const TOLD: [&str; 6] = ["version", "status", "paymentStatus", "paymentSequence", "fulfilmentStatus", "holdExpiresAt"];

pub(super) fn check(world: &World, _: &History) -> Vec<String> {
    unfolded(&world.orders)
}

/// The orders whose histories do not fold to them, and why.
pub fn unfolded(orders: &[Order]) -> Vec<String> {
    orders.iter().filter_map(|order| Some(format!("{}: {}", order.id, wrong_in(order)?))).collect()
}

fn wrong_in(order: &Order) -> Option<String> {
    let versions: Vec<u64> = order.steps.iter().map(|step| step.version).collect();
    if versions != (1..=order.version).collect::<Vec<u64>>() {
        return Some(format!("it is at version {}, and its history has {versions:?}", order.version));
    }
    let mut folded = order.steps.first()?.row["placed"].clone();
    if !folded.is_object() {
        return Some("its first entry does not say what was placed".to_owned());
    }
    for step in &order.steps {
        for name in TOLD {
            folded[name] = step.row[name].clone();
        }
        folded["updatedAt"] = step.row["at"].clone();
    }
    let differs = differing(&folded, &order.row);
    (!differs.is_empty()).then(|| format!("its history folds to something else in {}", differs.join(", ")))
}

/// The members in which two objects differ, with both values.
fn differing(folded: &Value, stored: &Value) -> Vec<String> {
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
    use crate::stage::{self, PAID};
    use serde_json::json;

    fn doctored(change: impl FnOnce(&mut Order)) -> Vec<String> {
        let (mut world, history) = stage::good();
        change(world.order_mut(PAID));
        check(&world, &history)
    }

    #[test]
    fn a_missing_entry_is_found_wherever_it_is() {
        stage::objects(
            &doctored(|order| drop(order.steps.remove(1))),
            &["at version 4, and its history has [1, 3, 4]"],
        );
        stage::objects(&doctored(|order| drop(order.steps.pop())), &["at version 4, and its history has [1, 2, 3]"]);
        stage::objects(&doctored(|order| order.steps.clear()), &["at version 4, and its history has []"]);
    }

    #[test]
    fn a_history_that_does_not_say_what_was_placed_is_found() {
        stage::objects(
            &doctored(|order| order.steps[0].row["placed"] = Value::Null),
            &["does not say what was placed"],
        );
    }

    #[test]
    fn an_entry_that_says_something_else_is_found() {
        let found = doctored(|order| order.steps[3].row["paymentStatus"] = json!("refunded"));
        stage::objects(&found, &["paymentStatus (\"refunded\" instead of \"partially_refunded\")"]);
        let found = doctored(|order| order.row["total"]["amount"] = json!(1));
        stage::objects(&found, &["ord_paid: its history folds to something else in total"]);
        let found = doctored(|order| order.row["note"] = json!("by hand"));
        stage::objects(&found, &["note (null instead of \"by hand\")"]);
    }
}
