//! Nobody pays a price that was not the price.

use std::collections::BTreeMap;

use crate::history::{Effect, History};
use crate::observed::ObservedState;
use crate::operation::{Operation, OperationKind};

pub(super) const INVARIANT: &str =
    "Every line was ordered at a price that its SKU had at some moment while it was being ordered.";

/// A price that a SKU was given.
#[derive(Debug)]
struct PriceChange {
    price: i64,
    /// Not before this; microseconds of the history.
    earliest: u64,
    /// Surely since this; none if nobody said that it was taken.
    certain_from: Option<u64>,
}

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let operations = history.operations();
    let prices = price_changes(history, &operations);
    let operations_by_key: BTreeMap<&str, &Operation<'_>> = operations
        .iter()
        .filter_map(|operation| match &operation.kind {
            OperationKind::PlaceOrder { key, .. } => Some((key.as_str(), operation)),
            _ => None,
        })
        .collect();
    let mut findings = Vec::new();
    for order in &state.orders {
        let Some(operation) = order.key.as_deref().and_then(|key| operations_by_key.get(key)) else { continue };
        for item in &order.items {
            let of_sku = prices.get(&item.sku).map(Vec::as_slice).unwrap_or_default();
            let possible = possible_prices(of_sku, operation.earliest_us(), operation.latest_us());
            if !possible.contains(&item.unit_price.amount) {
                findings.push(format!(
                    "{} ({}) has {} at {}, which cost {possible:?} while it was ordered",
                    order.id,
                    operation.call_numbers(),
                    item.sku,
                    item.unit_price.amount
                ));
            }
        }
    }
    findings
}

fn price_changes(history: &History, operations: &[Operation<'_>]) -> BTreeMap<String, Vec<PriceChange>> {
    let products = history.sku_by_product();
    let mut prices = BTreeMap::<String, Vec<PriceChange>>::new();
    for operation in operations.iter().filter(|operation| operation.effect() != Effect::Rejected) {
        let (sku, price) = match &operation.kind {
            OperationKind::NewProduct { sku, price, .. } => (sku.clone(), *price),
            OperationKind::ChangePrice { product, price } => {
                (products.get(product).cloned().unwrap_or_default(), *price)
            }
            _ => continue,
        };
        prices.entry(sku).or_default().push(PriceChange {
            price,
            earliest: operation.earliest_us(),
            certain_from: operation.latest_us(),
        });
    }
    prices
}

/// The prices that may have been in force at some moment of the window. The condition on the price is part of the order's own
/// transaction, so it is the window of the order that counts and not when its customer last looked.
fn possible_prices(changes: &[PriceChange], begin: u64, end: Option<u64>) -> Vec<i64> {
    let is_replaced = |one: &PriceChange| {
        // A later one that was surely in force before the window began.
        one.certain_from.is_some_and(|certain_from| {
            changes
                .iter()
                .any(|next| next.earliest >= certain_from && next.certain_from.is_some_and(|since| since < begin))
        })
    };
    let possible = changes.iter().filter(|one| end.is_none_or(|end| one.earliest <= end) && !is_replaced(one));
    possible.map(|one| one.price).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, PAID};

    /// 12.99 from the beginning; 13.99 asked for at 1000 µs and answered at 1010 µs.
    fn findings_for(began_us: u64, ended_us: Option<u64>, price: i64) -> Vec<String> {
        let (mut state, mut history) = fixture::valid_run();
        let call = fixture::call_mut(&mut history, "/orders");
        (call.began_us, call.ended_us) = (began_us, ended_us);
        if ended_us.is_none() {
            call.status = None;
        }
        state.order_mut(PAID).items[0].unit_price.amount = price;
        check(&state, &history)
    }

    #[test]
    fn an_order_before_the_change_has_the_old_price() {
        assert!(findings_for(100, Some(200), 1299).is_empty());
        fixture::assert_one_finding(
            &findings_for(100, Some(200), 1399),
            &["ord_paid (#", "has MUG at 1399, which cost [1299]"],
        );
    }

    #[test]
    fn an_order_after_the_change_has_the_new_price() {
        assert!(findings_for(1100, Some(1200), 1399).is_empty());
        fixture::assert_one_finding(&findings_for(1100, Some(1200), 1299), &["has MUG at 1299, which cost [1399]"]);
    }

    #[test]
    fn an_order_beside_the_change_has_either_and_no_third_price() {
        assert!(findings_for(900, Some(1005), 1299).is_empty() && findings_for(900, Some(1005), 1399).is_empty());
        assert!(findings_for(1005, Some(2000), 1299).is_empty() && findings_for(1005, Some(2000), 1399).is_empty());
        fixture::assert_one_finding(
            &findings_for(900, Some(1005), 1349),
            &["has MUG at 1349, which cost [1299, 1399]"],
        );
    }

    #[test]
    fn an_order_that_got_no_answer_may_have_been_placed_later() {
        assert!(findings_for(100, None, 1399).is_empty());
    }

    #[test]
    fn a_change_that_got_no_answer_replaces_nothing_for_sure() {
        let (mut state, mut history) = fixture::valid_run();
        fixture::call_mut(&mut history, "/products/prd_mug").status = None;
        let call = fixture::call_mut(&mut history, "/orders");
        (call.began_us, call.ended_us) = (5000, Some(5100));
        for price in [1299, 1399] {
            state.order_mut(PAID).items[0].unit_price.amount = price;
            assert!(check(&state, &history).is_empty(), "{price}");
        }
    }
}
