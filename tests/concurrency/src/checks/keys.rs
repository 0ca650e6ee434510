//! The same request twice is one order. The suite writes each request's key into its address, where no part of souk looks.

use std::collections::BTreeMap;

use crate::deed::Deed;
use crate::history::{History, Verdict};
use crate::world::{Order, World};

pub(super) const SAYS: &str =
    "One key makes one order at most: exactly one if that was ever answered, none if it was refused.";

pub(super) fn check(world: &World, history: &History) -> Vec<String> {
    let mut by_key: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    for order in &world.orders {
        by_key.entry(order.key.as_deref().unwrap_or_default()).or_default().push(order);
    }
    let mut found = Vec::new();
    for operation in history.operations() {
        let Deed::Place { key, .. } = &operation.deed else { continue };
        let orders = by_key.remove(key.as_str()).unwrap_or_default();
        let ids: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
        let place = operation.place();
        match operation.verdict() {
            _ if ids.len() > 1 => {
                found.push(format!("the key {key} ({place}) made {} orders: {}", ids.len(), ids.join(", ")))
            }
            Verdict::Done if ids.is_empty() => {
                found.push(format!("the key {key} ({place}) was promised an order, and there is none"))
            }
            Verdict::Refused if !ids.is_empty() => {
                found.push(format!("the key {key} ({place}) was refused, and made {}", ids[0]))
            }
            _ => {}
        }
        for call in operation.good() {
            let told = call.answer["id"].as_str().unwrap_or_default();
            if !ids.is_empty() && !ids.contains(&told) {
                found.push(format!("#{} was told of the order {told:?}, and its key {key} made {}", call.seq, ids[0]));
            }
        }
    }
    let unasked = by_key.into_values().flatten();
    found.extend(unasked.map(|order| format!("nobody asked for the order {} (key {:?})", order.id, order.key)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, GONE, PAID};
    use serde_json::json;

    #[test]
    fn two_orders_of_one_key_are_found() {
        let (mut world, history) = stage::good();
        let mut second = world.order_mut(PAID).clone();
        second.id = "ord_second".into();
        world.orders.push(second);
        stage::objects(&check(&world, &history), &["the key key-paid", "made 2 orders: ord_paid, ord_second"]);
    }

    #[test]
    fn a_promised_order_that_is_not_there_is_found() {
        let (mut world, history) = stage::good();
        world.orders.retain(|order| order.id != PAID);
        stage::objects(&check(&world, &history), &["the key key-paid", "was promised an order, and there is none"]);
    }

    #[test]
    fn an_order_that_was_refused_is_found() {
        let (mut world, history) = stage::good();
        world.order_mut(GONE).key = Some("key-refused".into());
        let found = check(&world, &history);
        assert!(found.iter().any(|what| what.contains("was refused, and made ord_gone")), "{found:?}");
    }

    #[test]
    fn a_repetition_that_is_told_of_another_order_is_found() {
        let (world, mut history) = stage::good();
        stage::answer_again(&mut history, "key-paid", json!({ "id": "ord_other" }));
        stage::objects(&check(&world, &history), &["was told of the order \"ord_other\"", "made ord_paid"]);
    }

    #[test]
    fn an_order_that_nobody_asked_for_is_found() {
        let (mut world, history) = stage::good();
        let mut ghost = world.order_mut(PAID).clone();
        (ghost.id, ghost.key) = ("ord_ghost".into(), None);
        world.orders.push(ghost);
        stage::objects(&check(&world, &history), &["nobody asked for the order ord_ghost"]);
    }

    #[test]
    fn a_lost_answer_promises_nothing() {
        let (mut world, mut history) = stage::good();
        stage::call_mut(&mut history, "/orders").status = None;
        assert!(check(&world, &history).is_empty(), "it happened");
        world.orders.retain(|order| order.id != PAID);
        assert!(check(&world, &history).is_empty(), "it did not");
    }
}
