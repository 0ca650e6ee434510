//! Nobody pays a price that was not the price.

use std::collections::BTreeMap;

use crate::deed::{Deed, Operation};
use crate::history::{History, Verdict};
use crate::world::World;

pub(super) const SAYS: &str =
    "Every line was ordered at a price that its SKU had at some moment while it was being ordered.";

/// A price that a SKU was given.
#[derive(Debug)]
struct Given {
    price: i64,
    /// Not before this; microseconds of the history.
    from: u64,
    /// Surely since this; none if nobody said that it was taken.
    sure: Option<u64>,
}

pub(super) fn check(world: &World, history: &History) -> Vec<String> {
    let operations = history.operations();
    let prices = given(history, &operations);
    let placed: BTreeMap<&str, &Operation<'_>> = operations
        .iter()
        .filter_map(|operation| match &operation.deed {
            Deed::Place { key, .. } => Some((key.as_str(), operation)),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for order in &world.orders {
        let Some(operation) = order.key.as_deref().and_then(|key| placed.get(key)) else { continue };
        for item in &order.items {
            let of_sku = prices.get(&item.sku).map(Vec::as_slice).unwrap_or_default();
            let possible = possible(of_sku, operation.not_before(), operation.not_after());
            if !possible.contains(&item.unit_price.amount) {
                found.push(format!(
                    "{} ({}) has {} at {}, which cost {possible:?} while it was ordered",
                    order.id,
                    operation.place(),
                    item.sku,
                    item.unit_price.amount
                ));
            }
        }
    }
    found
}

fn given(history: &History, operations: &[Operation<'_>]) -> BTreeMap<String, Vec<Given>> {
    let products = history.sku_by_product();
    let mut prices = BTreeMap::<String, Vec<Given>>::new();
    for operation in operations.iter().filter(|operation| operation.verdict() != Verdict::Refused) {
        let (sku, price) = match &operation.deed {
            Deed::NewProduct { sku, price, .. } => (sku.clone(), *price),
            Deed::Price { product, price } => (products.get(product).cloned().unwrap_or_default(), *price),
            _ => continue,
        };
        prices.entry(sku).or_default().push(Given { price, from: operation.not_before(), sure: operation.not_after() });
    }
    prices
}

/// The prices that may have been in force at some moment of the window. The condition on the price is part of the order's own
/// transaction, so it is the window of the order that counts and not when its customer last looked.
fn possible(given: &[Given], begin: u64, end: Option<u64>) -> Vec<i64> {
    let followed = |one: &Given| {
        // A later one that was surely in force before the window began.
        one.sure.is_some_and(|sure| {
            given.iter().any(|next| next.from >= sure && next.sure.is_some_and(|since| since < begin))
        })
    };
    let may_be = given.iter().filter(|one| end.is_none_or(|end| one.from <= end) && !followed(one));
    may_be.map(|one| one.price).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, PAID};

    /// 12.99 from the beginning; 13.99 asked for at 1000 µs and answered at 1010 µs.
    fn ordered(began_us: u64, ended_us: Option<u64>, price: i64) -> Vec<String> {
        let (mut world, mut history) = stage::good();
        let call = stage::call_mut(&mut history, "/orders");
        (call.began_us, call.ended_us) = (began_us, ended_us);
        if ended_us.is_none() {
            call.status = None;
        }
        world.order_mut(PAID).items[0].unit_price.amount = price;
        check(&world, &history)
    }

    #[test]
    fn an_order_before_the_change_has_the_old_price() {
        assert!(ordered(100, Some(200), 1299).is_empty());
        stage::objects(&ordered(100, Some(200), 1399), &["ord_paid (#", "has MUG at 1399, which cost [1299]"]);
    }

    #[test]
    fn an_order_after_the_change_has_the_new_price() {
        assert!(ordered(1100, Some(1200), 1399).is_empty());
        stage::objects(&ordered(1100, Some(1200), 1299), &["has MUG at 1299, which cost [1399]"]);
    }

    #[test]
    fn an_order_beside_the_change_has_either_and_no_third_price() {
        assert!(ordered(900, Some(1005), 1299).is_empty() && ordered(900, Some(1005), 1399).is_empty());
        assert!(ordered(1005, Some(2000), 1299).is_empty() && ordered(1005, Some(2000), 1399).is_empty());
        stage::objects(&ordered(900, Some(1005), 1349), &["has MUG at 1349, which cost [1299, 1399]"]);
    }

    #[test]
    fn an_order_that_got_no_answer_may_have_been_placed_later() {
        assert!(ordered(100, None, 1399).is_empty());
    }

    #[test]
    fn a_change_that_got_no_answer_replaces_nothing_for_sure() {
        let (mut world, mut history) = stage::good();
        stage::call_mut(&mut history, "/products/prd_mug").status = None;
        let call = stage::call_mut(&mut history, "/orders");
        (call.began_us, call.ended_us) = (5000, Some(5100));
        for price in [1299, 1399] {
            world.order_mut(PAID).items[0].unit_price.amount = price;
            assert!(check(&world, &history).is_empty(), "{price}");
        }
    }
}
