//! The counters of unpaid orders count what is unpaid, and nothing else.

use std::collections::BTreeSet;

use crate::history::History;
use crate::observed::{Counter, ObservedState, Order, OrderStatus};

pub(super) const INVARIANT: &str =
    "The counters of unpaid orders hold exactly the pending orders that name them, and all of their pieces.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for order in &state.orders {
        // A confirmed order may name its counters until its capture. The checks run when no capture is due.
        let is_pending = order.status == OrderStatus::Pending;
        if !is_pending && order.held.is_some() {
            findings.push(format!("{} is {:?} and still names its counters", order.id, order.status));
            continue;
        }
        let named: BTreeSet<&str> =
            order.counters().into_iter().flat_map(|(network, buyer)| [network, buyer]).collect();
        let counting: BTreeSet<&str> = state
            .counters
            .iter()
            .filter(|counter| counter.orders.contains(&order.number))
            .map(|counter| counter.name.as_str())
            .collect();
        if counting != named {
            findings.push(format!(
                "{} is {:?} and should be counted by {named:?}, but is by {counting:?}",
                order.id, order.status
            ));
        }
        findings.extend(state.counters.iter().filter_map(|counter| wrong_pieces(order, counter)));
    }
    findings
}

/// Why the pieces that a counter has of an order are wrong. The counter of its network has all, every other one none.
fn wrong_pieces(order: &Order, counter: &Counter) -> Option<String> {
    let is_network = order.counters().is_some_and(|(network, _)| network == counter.name);
    let prefix = format!("{}#", order.number);
    let counted: i64 = counter.pieces.iter().filter(|piece| piece.starts_with(&prefix)).map(|_| 1).sum();
    let due: i64 = if is_network { order.items.iter().map(|item| item.quantity).sum() } else { 0 };
    (counted != due).then(|| format!("{}: {} has {counted} of its pieces instead of {due}", order.id, counter.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED};

    const NETWORK: &str = "network-00000001";
    const BUYER: &str = "buyer-0000000001";

    /// A run in which the cancelled order is still pending, and counted.
    fn pending_run() -> (ObservedState, History) {
        let (mut state, history) = fixture::valid_run();
        let order = state.order_mut(CANCELLED);
        order.status = OrderStatus::Pending;
        order.held = Some(format!("{NETWORK}{BUYER}"));
        let (number, pieces) =
            (order.number.clone(), (1..=3).map(|piece| format!("{}#{piece}", order.number)).collect());
        let counter = |name: &str, pieces| Counter { name: name.to_owned(), orders: [number.clone()].into(), pieces };
        state.counters = vec![counter(NETWORK, pieces), counter(BUYER, Vec::new())];
        (state, history)
    }

    #[test]
    fn pending_order_is_counted_with_its_pieces() {
        let (mut state, history) = pending_run();
        assert_eq!(check(&state, &history), Vec::<String>::new());
        state.counters[0].pieces.pop();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_gone: network-00000001 has 2 of its pieces instead of 3"],
        );
        state.counters.pop();
        assert_eq!(check(&state, &history).len(), 2, "the buyer does not count it");
    }

    #[test]
    fn order_that_is_over_and_counted_is_a_violation() {
        let (mut state, history) = pending_run();
        let order = state.order_mut(CANCELLED);
        order.status = OrderStatus::Cancelled;
        fixture::assert_one_finding(&check(&state, &history), &["ord_gone is Cancelled and still names its counters"]);
        state.order_mut(CANCELLED).held = None;
        assert_eq!(check(&state, &history).len(), 2, "both counters still have it, and one its pieces");
    }
}
