//! Every piece that was added to a cart is in the cart or in an order made of it (the cart invariant of ACIDRain, SIGMOD 2017).
//! Concurrent devices and orders lose and duplicate nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Effect, History};
use crate::observed::ObservedState;
use crate::operation::{Operation, OperationKind};

pub(super) const INVARIANT: &str =
    "All pieces that were added to a cart, and no others, are in the cart or in an order made of it.";

/// The pieces added to carts that were merged: for each SKU the minimum and the maximum. Calls without a response count for the
/// maximum only.
#[derive(Debug, Default)]
pub(super) struct Basket {
    added: BTreeMap<String, (i64, i64)>,
    keys: BTreeSet<String>,
}

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let operations = history.operations();
    let mut findings = Vec::new();
    for (carts, basket) in baskets(state, &operations) {
        for (sku, (min, max)) in &basket.added {
            let lines = carts.iter().filter_map(|cart| state.carts.get(cart)).flatten();
            let in_cart: i64 = lines.filter(|line| line.sku == *sku).map(|line| line.quantity).sum();
            let orders =
                state.orders.iter().filter(|order| order.key.as_ref().is_some_and(|key| basket.keys.contains(key)));
            let ordered: i64 = orders.map(|order| order.pieces_of(sku)).sum();
            if !(*min..=*max).contains(&(in_cart + ordered)) {
                findings.push(format!(
                    "{min} to {max} of {sku} were added to {}; {in_cart} are in the cart and {ordered} in its orders",
                    carts.iter().cloned().collect::<Vec<_>>().join(" and ")
                ));
            }
        }
    }
    findings
}

/// The groups of merged carts. Carts that were changed in other ways are left out.
pub(super) fn baskets(state: &ObservedState, operations: &[Operation<'_>]) -> Vec<(BTreeSet<String>, Basket)> {
    let mut changed = BTreeSet::new();
    let mut merged: Vec<BTreeSet<String>> = Vec::new();
    for operation in operations.iter().filter(|operation| operation.effect() != Effect::Rejected) {
        match &operation.kind {
            OperationKind::ChangeCart { cart } => {
                changed.insert(cart.clone());
            }
            // Another merge strategy drops lines.
            OperationKind::MergeCarts { from, into } if !state.rules.merges_by_sum => {
                changed.extend([from.clone(), into.clone()])
            }
            OperationKind::MergeCarts { from, into } => merged.push([from.clone(), into.clone()].into()),
            OperationKind::AddToCart { cart, .. } => merged.push([cart.clone()].into()),
            _ => {}
        }
    }
    let mut baskets: Vec<(BTreeSet<String>, Basket)> = Vec::new();
    for group in merge_overlapping(merged).into_iter().filter(|group| group.is_disjoint(&changed)) {
        let mut basket = Basket::default();
        for operation in operations {
            match (&operation.kind, operation.effect()) {
                (OperationKind::AddToCart { cart, sku, quantity }, effect) if group.contains(cart) => {
                    let added = basket.added.entry(sku.clone()).or_default();
                    added.0 += if effect == Effect::Applied { *quantity } else { 0 };
                    added.1 += if effect == Effect::Rejected { 0 } else { *quantity };
                }
                (OperationKind::PlaceOrder { key, cart: Some(cart), .. }, _) if group.contains(cart) => {
                    basket.keys.insert(key.clone());
                }
                _ => {}
            }
        }
        baskets.push((group, basket));
    }
    baskets
}

/// Joins all sets that overlap.
fn merge_overlapping(sets: Vec<BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let mut merge_overlapping: Vec<BTreeSet<String>> = Vec::new();
    for mut set in sets {
        let (touched, apart): (Vec<_>, Vec<_>) =
            merge_overlapping.into_iter().partition(|other| !other.is_disjoint(&set));
        set.extend(touched.into_iter().flatten());
        merge_overlapping = apart;
        merge_overlapping.push(set);
    }
    merge_overlapping
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, MUG};
    use crate::history::CallRecord;
    use serde_json::json;

    #[test]
    fn lost_add_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.carts.clear();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["3 to 3 of MUG were added to usr_ada; 0 are in the cart and 2 in its orders"],
        );
    }

    #[test]
    fn ordered_pieces_that_stay_in_the_cart_are_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.carts.get_mut("usr_ada").expect("a cart")[0].quantity = 3;
        fixture::assert_one_finding(&check(&state, &history), &["3 are in the cart and 2 in its orders"]);
    }

    #[test]
    fn add_without_a_response_may_or_may_not_be_in_the_cart() {
        let (mut state, mut history) = fixture::valid_run();
        fixture::call_mut(&mut history, "/cart/me/items").status = None;
        assert!(check(&state, &history).is_empty(), "the pieces are in the cart");
        state.carts.get_mut("usr_ada").expect("a cart")[0].quantity = 4;
        fixture::assert_one_finding(&check(&state, &history), &["1 to 3 of MUG"]);
    }

    fn with_merge(state: &mut ObservedState, history: &mut History) {
        let mut call = |path: &str, body| {
            let call = CallRecord::new("ada", Some("usr_ada"), "POST", path, body, Some(&format!("key{path}")));
            history.calls.push(CallRecord {
                seq: history.calls.len(),
                status: Some(200),
                ended_us: Some(99_999),
                ..call
            });
        };
        call("/api/v1/cart/crt_1/items", json!({ "sku": MUG, "quantity": 4 }));
        call("/api/v1/cart/me/merge", json!({ "from": "crt_1" }));
        state.carts.get_mut("usr_ada").expect("a cart")[0].quantity = 5;
    }

    #[test]
    fn merged_carts_are_counted_together() {
        let (mut state, mut history) = fixture::valid_run();
        with_merge(&mut state, &mut history);
        assert!(check(&state, &history).is_empty(), "{:?}", check(&state, &history));
        state.carts.insert("crt_1".into(), vec![crate::observed::CartLine { sku: MUG.into(), quantity: 4 }]);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["7 to 7 of MUG", "crt_1 and usr_ada; 9 are in the cart"],
        );
        state.rules.merges_by_sum = false;
        assert!(check(&state, &history).is_empty(), "another strategy may drop lines");
    }

    #[test]
    fn cart_with_other_changes_is_not_checked() {
        let (mut state, mut history) = fixture::valid_run();
        state.carts.clear();
        let call = CallRecord::new(
            "ada",
            Some("usr_ada"),
            "DELETE",
            "/api/v1/cart/me/items/MUG",
            serde_json::Value::Null,
            None,
        );
        history.calls.push(CallRecord { seq: history.calls.len(), status: Some(200), ended_us: Some(99_999), ..call });
        assert!(check(&state, &history).is_empty());
    }
}
