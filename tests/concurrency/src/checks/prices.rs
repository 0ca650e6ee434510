//! Every order line has a price that was valid when the order was placed.

use std::collections::BTreeMap;

use crate::history::{Effect, History};
use crate::observed::ObservedState;
use crate::operation::{Operation, OperationKind};

pub(super) const INVARIANT: &str =
    "Every line has a price that its SKU had at some time between the request of the order and its response.";

/// A change of a SKU's price.
#[derive(Debug)]
struct PriceChange {
    price: i64,
    /// The price was not valid before this time, in microseconds of the history.
    earliest: u64,
    /// The price was certainly valid from this time on. None if the change was not acknowledged.
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

/// The prices that may have been valid at some time in the window. The order's transaction has a condition on the price, so the
/// window is the time of the order, and not the time when the customer read the price.
fn possible_prices(changes: &[PriceChange], begin: u64, end: Option<u64>) -> Vec<i64> {
    let is_replaced = |one: &PriceChange| {
        // A later price was certainly valid before the window started.
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

    /// The price is 12.99 from the start. A change to 13.99 is requested at 1000 µs and acknowledged at 1010 µs.
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
    fn order_before_the_change_has_the_old_price() {
        assert!(findings_for(100, Some(200), 1299).is_empty());
        fixture::assert_one_finding(
            &findings_for(100, Some(200), 1399),
            &["ord_paid (#", "has MUG at 1399, which cost [1299]"],
        );
    }

    #[test]
    fn order_after_the_change_has_the_new_price() {
        assert!(findings_for(1100, Some(1200), 1399).is_empty());
        fixture::assert_one_finding(&findings_for(1100, Some(1200), 1299), &["has MUG at 1299, which cost [1399]"]);
    }

    #[test]
    fn order_during_the_change_has_the_old_or_the_new_price() {
        assert!(findings_for(900, Some(1005), 1299).is_empty() && findings_for(900, Some(1005), 1399).is_empty());
        assert!(findings_for(1005, Some(2000), 1299).is_empty() && findings_for(1005, Some(2000), 1399).is_empty());
        fixture::assert_one_finding(
            &findings_for(900, Some(1005), 1349),
            &["has MUG at 1349, which cost [1299, 1399]"],
        );
    }

    #[test]
    fn order_without_a_response_may_have_the_new_price() {
        assert!(findings_for(100, None, 1399).is_empty());
    }

    #[test]
    fn change_without_a_response_may_or_may_not_have_happened() {
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
