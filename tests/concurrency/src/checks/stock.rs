//! Pieces are neither lost nor created.

use std::collections::BTreeMap;

use crate::history::{Effect, History};
use crate::observed::ObservedState;
use crate::operation::OperationKind;

pub(super) const INVARIANT: &str =
    "For every SKU, the pieces added to stock equal the available, held and sold pieces.";

/// How many pieces were added to stock in total: an exact number, or a range if a change by the admin got no response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Supply {
    pub(super) min: i64,
    pub(super) max: i64,
}

impl Supply {
    fn add(&mut self, pieces: i64, effect: Effect) {
        match effect {
            Effect::Applied => (self.min, self.max) = (self.min + pieces, self.max + pieces),
            Effect::Unknown => (self.min, self.max) = (self.min + pieces.min(0), self.max + pieces.max(0)),
            Effect::Rejected => {}
        }
    }
}

/// The stock that was added for each SKU, initially and by later changes.
pub(super) fn supplies(history: &History) -> BTreeMap<String, Supply> {
    let products = history.sku_by_product();
    let mut supplies = BTreeMap::<String, Supply>::new();
    for operation in history.operations() {
        let effect = operation.effect();
        match operation.kind {
            OperationKind::NewProduct { sku, stock, .. } => supplies.entry(sku).or_default().add(stock, effect),
            OperationKind::ChangeStock { product, delta } => {
                if let Some(sku) = products.get(&product) {
                    supplies.entry(sku.clone()).or_default().add(delta, effect);
                }
            }
            _ => {}
        }
    }
    supplies
}

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for (sku, supply) in supplies(history) {
        let Some(offer) = state.offers.get(&sku) else {
            // A product whose creation got no response may not exist.
            if supply.min > 0 {
                findings.push(format!("{sku} was created and does not exist"));
            }
            continue;
        };
        let in_orders: i64 =
            state.orders.iter().filter(|order| order.keeps_stock()).map(|order| order.pieces_of(&sku)).sum();
        let available = state.available(offer);
        let total = available + in_orders;
        if !(supply.min..=supply.max).contains(&total) {
            let Supply { min, max } = supply;
            findings.push(format!(
                "{sku}: {min} to {max} pieces were added to stock, but {available} are available and {in_orders} in orders: {total}"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, MUG};
    use crate::observed::OrderStatus;

    #[test]
    fn stock_that_was_not_returned_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.offers.get_mut(MUG).expect("the offer of the mug").available -= 1;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["MUG: 15 to 15", "12 are available and 2 in orders: 14"],
        );
    }

    #[test]
    fn stock_that_was_returned_twice_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.offers.get_mut(MUG).expect("the offer of the mug").available += 1;
        fixture::assert_one_finding(&check(&state, &history), &["14 are available and 2 in orders: 16"]);
    }

    #[test]
    fn piece_that_was_lost_between_rows_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.buckets[0].available -= 1;
        fixture::assert_one_finding(&check(&state, &history), &["JAR: 5 to 5", "4 are available and 0 in orders: 4"]);
    }

    #[test]
    fn only_cancelled_orders_hold_no_stock() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(fixture::CANCELLED).status = OrderStatus::Pending;
        fixture::assert_one_finding(&check(&state, &history), &["13 are available and 5 in orders: 18"]);
    }

    #[test]
    fn stock_change_without_a_response_may_or_may_not_have_happened() {
        let (mut state, mut history) = fixture::valid_run();
        fixture::call_mut(&mut history, "/stock").status = None;
        assert!(check(&state, &history).is_empty(), "the change happened");
        state.offers.get_mut(MUG).expect("the offer of the mug").available -= 5;
        assert!(check(&state, &history).is_empty(), "the change did not happen");
        state.offers.get_mut(MUG).expect("the offer of the mug").available -= 1;
        fixture::assert_one_finding(&check(&state, &history), &["10 to 15 pieces"]);
    }

    #[test]
    fn missing_offer_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.offers.remove(MUG);
        fixture::assert_one_finding(&check(&state, &history), &["MUG was created and does not exist"]);
    }
}
