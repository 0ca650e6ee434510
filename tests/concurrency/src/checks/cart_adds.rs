//! What is put into a cart is in it, or in an order (the cart invariant of ACIDRain, SIGMOD 2017): two devices lose nothing to
//! each other, and nothing slips in or out beside a checkout.

use std::collections::{BTreeMap, BTreeSet};

use crate::deed::{Deed, Operation};
use crate::history::{History, Verdict};
use crate::world::World;

pub(super) const SAYS: &str =
    "All that was put into a cart, and nothing else, is in the cart or in an order made of it.";

/// Carts that flow into one another, with what was put into them: by SKU, surely and perhaps.
#[derive(Debug, Default)]
struct Basket {
    put: BTreeMap<String, (i64, i64)>,
    keys: BTreeSet<String>,
}

pub(super) fn check(world: &World, history: &History) -> Vec<String> {
    let operations = history.operations();
    let mut found = Vec::new();
    for (carts, basket) in baskets(world, &operations) {
        for (sku, (surely, perhaps)) in &basket.put {
            let lines = carts.iter().filter_map(|cart| world.carts.get(cart)).flatten();
            let held: i64 = lines.filter(|line| line.sku == *sku).map(|line| line.quantity).sum();
            let orders =
                world.orders.iter().filter(|order| order.key.as_ref().is_some_and(|key| basket.keys.contains(key)));
            let ordered: i64 = orders.map(|order| order.pieces_of(sku)).sum();
            if !(*surely..=*perhaps).contains(&(held + ordered)) {
                found.push(format!(
                    "{surely} to {perhaps} of {sku} were put into {}; {held} are there and {ordered} in its orders",
                    carts.iter().cloned().collect::<Vec<_>>().join(" and ")
                ));
            }
        }
    }
    found
}

/// Carts that were only added to, merged and ordered, those that were merged together.
fn baskets(world: &World, operations: &[Operation<'_>]) -> Vec<(BTreeSet<String>, Basket)> {
    let mut changed = BTreeSet::new();
    let mut merged: Vec<BTreeSet<String>> = Vec::new();
    for operation in operations.iter().filter(|operation| operation.verdict() != Verdict::Refused) {
        match &operation.deed {
            Deed::Change { cart } => {
                changed.insert(cart.clone());
            }
            // By another strategy a merge throws away.
            Deed::Merge { from, into } if !world.rules.merges_by_sum => changed.extend([from.clone(), into.clone()]),
            Deed::Merge { from, into } => merged.push([from.clone(), into.clone()].into()),
            Deed::Add { cart, .. } => merged.push([cart.clone()].into()),
            _ => {}
        }
    }
    let mut baskets: Vec<(BTreeSet<String>, Basket)> = Vec::new();
    for group in joined(merged).into_iter().filter(|group| group.is_disjoint(&changed)) {
        let mut basket = Basket::default();
        for operation in operations {
            match (&operation.deed, operation.verdict()) {
                (Deed::Add { cart, sku, quantity }, verdict) if group.contains(cart) => {
                    let put = basket.put.entry(sku.clone()).or_default();
                    put.0 += if verdict == Verdict::Done { *quantity } else { 0 };
                    put.1 += if verdict == Verdict::Refused { 0 } else { *quantity };
                }
                (Deed::Place { key, cart: Some(cart), .. }, _) if group.contains(cart) => {
                    basket.keys.insert(key.clone());
                }
                _ => {}
            }
        }
        baskets.push((group, basket));
    }
    baskets
}

/// Sets that have something in common become one.
fn joined(sets: Vec<BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let mut joined: Vec<BTreeSet<String>> = Vec::new();
    for mut set in sets {
        let (touched, apart): (Vec<_>, Vec<_>) = joined.into_iter().partition(|other| !other.is_disjoint(&set));
        set.extend(touched.into_iter().flatten());
        joined = apart;
        joined.push(set);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Entry;
    use crate::stage::{self, MUG};
    use serde_json::json;

    #[test]
    fn an_add_that_was_lost_is_found() {
        let (mut world, history) = stage::good();
        world.carts.clear();
        stage::objects(
            &check(&world, &history),
            &["3 to 3 of MUG were put into usr_ada; 0 are there and 2 in its orders"],
        );
    }

    #[test]
    fn what_was_ordered_and_is_still_there_is_found() {
        let (mut world, history) = stage::good();
        world.carts.get_mut("usr_ada").expect("a cart")[0].quantity = 3;
        stage::objects(&check(&world, &history), &["3 are there and 2 in its orders"]);
    }

    #[test]
    fn an_add_that_got_no_answer_may_be_there_or_not() {
        let (mut world, mut history) = stage::good();
        stage::call_mut(&mut history, "/cart/me/items").status = None;
        assert!(check(&world, &history).is_empty(), "there");
        world.carts.get_mut("usr_ada").expect("a cart")[0].quantity = 4;
        stage::objects(&check(&world, &history), &["1 to 3 of MUG"]);
    }

    fn with_merge(world: &mut World, history: &mut History) {
        let mut ask = |path: &str, body| {
            let call = Entry::new("ada", Some("usr_ada"), "POST", path, body, Some(&format!("key{path}")));
            history.calls.push(Entry { seq: history.calls.len(), status: Some(200), ended_us: Some(99_999), ..call });
        };
        ask("/api/v1/cart/crt_1/items", json!({ "sku": MUG, "quantity": 4 }));
        ask("/api/v1/cart/me/merge", json!({ "from": "crt_1" }));
        world.carts.get_mut("usr_ada").expect("a cart")[0].quantity = 5;
    }

    #[test]
    fn merged_carts_are_one_basket() {
        let (mut world, mut history) = stage::good();
        with_merge(&mut world, &mut history);
        assert!(check(&world, &history).is_empty(), "{:?}", check(&world, &history));
        world.carts.insert("crt_1".into(), vec![crate::world::CartLine { sku: MUG.into(), quantity: 4 }]);
        stage::objects(&check(&world, &history), &["7 to 7 of MUG", "crt_1 and usr_ada; 9 are there"]);
        world.rules.merges_by_sum = false;
        assert!(check(&world, &history).is_empty(), "another strategy may throw away");
    }

    #[test]
    fn a_cart_that_was_changed_otherwise_is_left_alone() {
        let (mut world, mut history) = stage::good();
        world.carts.clear();
        let call =
            Entry::new("ada", Some("usr_ada"), "DELETE", "/api/v1/cart/me/items/MUG", serde_json::Value::Null, None);
        history.calls.push(Entry { seq: history.calls.len(), status: Some(200), ended_us: Some(99_999), ..call });
        assert!(check(&world, &history).is_empty());
    }
}
