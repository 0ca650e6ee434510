//! Nobody is sold what is not there (the stock invariant of ACIDRain, SIGMOD 2017).

use serde_json::Value;

use super::stock::supplies;
use crate::history::History;
use crate::world::World;

pub(super) const SAYS: &str = "No more pieces are in orders than there ever were, and stock is never below nothing.";

pub(super) fn check(world: &World, history: &History) -> Vec<String> {
    let mut found = Vec::new();
    for (sku, supply) in supplies(history) {
        let sold: i64 =
            world.orders.iter().filter(|order| order.keeps_stock()).map(|order| order.pieces_of(&sku)).sum();
        if sold > supply.most {
            found.push(format!("{sku}: {sold} pieces are in orders, and there were never more than {}", supply.most));
        }
    }
    for offer in world.offers.values().filter(|offer| offer.available < 0) {
        found.push(format!("{}: {} pieces are available", offer.sku, offer.available));
    }
    for call in history.calls.iter().filter(|call| shows_less_than_nothing(&call.answer)) {
        found.push(format!("#{} was shown less than nothing: {}", call.seq, call.answer));
    }
    found
}

/// Is any `available` in this document negative?
fn shows_less_than_nothing(document: &Value) -> bool {
    match document {
        Value::Object(members) => members.iter().any(|(name, value)| {
            (name == "available" && value.as_i64().is_some_and(|pieces| pieces < 0)) || shows_less_than_nothing(value)
        }),
        Value::Array(values) => values.iter().any(shows_less_than_nothing),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, MUG};
    use serde_json::json;

    #[test]
    fn more_in_orders_than_there_were_is_found() {
        let (mut world, history) = stage::good();
        world.order_mut(stage::PAID).items[0].quantity = 16;
        stage::objects(&check(&world, &history), &["MUG: 16 pieces are in orders, and there were never more than 15"]);
    }

    #[test]
    fn stock_below_nothing_is_found_in_the_table() {
        let (mut world, history) = stage::good();
        world.offers.get_mut(MUG).expect("the mug").available = -1;
        stage::objects(&check(&world, &history), &["MUG: -1 pieces are available"]);
    }

    #[test]
    fn stock_below_nothing_is_found_in_an_answer() {
        let (world, mut history) = stage::good();
        let shown = stage::call_mut(&mut history, "/cart/me/items");
        shown.answer["items"][0]["available"] = json!(-2);
        stage::objects(&check(&world, &history), &["was shown less than nothing"]);
    }
}
