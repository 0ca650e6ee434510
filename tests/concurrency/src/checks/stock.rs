//! Pieces neither vanish nor appear.

use std::collections::BTreeMap;

use crate::deed::Deed;
use crate::history::{History, Verdict};
use crate::world::World;

pub(super) const SAYS: &str = "What was put in stock is available, held or sold, for every SKU.";

/// How many pieces there may have been in all: exactly so many, unless an admin's change got no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Supply {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Supply {
    fn add(&mut self, pieces: i64, verdict: Verdict) {
        match verdict {
            Verdict::Done => (self.least, self.most) = (self.least + pieces, self.most + pieces),
            Verdict::Unknown => (self.least, self.most) = (self.least + pieces.min(0), self.most + pieces.max(0)),
            Verdict::Refused => {}
        }
    }
}

/// What was put in stock, by SKU: in the beginning and by counts afterwards.
pub(super) fn supplies(history: &History) -> BTreeMap<String, Supply> {
    let products = history.sku_by_product();
    let mut supplies = BTreeMap::<String, Supply>::new();
    for operation in history.operations() {
        let verdict = operation.verdict();
        match operation.deed {
            Deed::NewProduct { sku, stock, .. } => supplies.entry(sku).or_default().add(stock, verdict),
            Deed::Stock { product, delta } => {
                if let Some(sku) = products.get(&product) {
                    supplies.entry(sku.clone()).or_default().add(delta, verdict);
                }
            }
            _ => {}
        }
    }
    supplies
}

pub(super) fn check(world: &World, history: &History) -> Vec<String> {
    let mut found = Vec::new();
    for (sku, supply) in supplies(history) {
        let Some(offer) = world.offers.get(&sku) else {
            // A product whose making got no answer may not be there.
            if supply.least > 0 {
                found.push(format!("{sku} was put into the shop and is gone"));
            }
            continue;
        };
        let kept: i64 =
            world.orders.iter().filter(|order| order.keeps_stock()).map(|order| order.pieces_of(&sku)).sum();
        let there = offer.available + kept;
        if !(supply.least..=supply.most).contains(&there) {
            let Supply { least, most } = supply;
            found.push(format!(
                "{sku}: {least} to {most} pieces were put in stock, but {} are available and {kept} in orders: {there}",
                offer.available
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, MUG};
    use crate::world::OrderStatus;

    #[test]
    fn stock_that_was_not_returned_is_missing() {
        let (mut world, history) = stage::good();
        world.offers.get_mut(MUG).expect("the mug").available -= 1;
        stage::objects(&check(&world, &history), &["MUG: 15 to 15", "12 are available and 2 in orders: 14"]);
    }

    #[test]
    fn stock_that_was_returned_twice_is_too_much() {
        let (mut world, history) = stage::good();
        world.offers.get_mut(MUG).expect("the mug").available += 1;
        stage::objects(&check(&world, &history), &["14 are available and 2 in orders: 16"]);
    }

    #[test]
    fn an_order_that_was_given_up_keeps_nothing_and_any_other_does() {
        let (mut world, history) = stage::good();
        world.order_mut(stage::GONE).status = OrderStatus::Pending;
        stage::objects(&check(&world, &history), &["13 are available and 5 in orders: 18"]);
    }

    #[test]
    fn a_count_that_got_no_answer_may_have_been_made_or_not() {
        let (mut world, mut history) = stage::good();
        stage::call_mut(&mut history, "/stock").status = None;
        assert!(check(&world, &history).is_empty(), "made");
        world.offers.get_mut(MUG).expect("the mug").available -= 5;
        assert!(check(&world, &history).is_empty(), "not made");
        world.offers.get_mut(MUG).expect("the mug").available -= 1;
        stage::objects(&check(&world, &history), &["10 to 15 pieces"]);
    }

    #[test]
    fn an_offer_does_not_vanish() {
        let (mut world, history) = stage::good();
        world.offers.remove(MUG);
        stage::objects(&check(&world, &history), &["MUG was put into the shop and is gone"]);
    }
}
