//! No more pieces are sold than exist (the stock invariant of ACIDRain, SIGMOD 2017).

use serde_json::Value;

use super::stock::supplies;
use crate::history::History;
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str = "Orders hold at most as many pieces as were in stock, and stock is never negative.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for (sku, supply) in supplies(history) {
        let sold: i64 =
            state.orders.iter().filter(|order| order.keeps_stock()).map(|order| order.pieces_of(&sku)).sum();
        if sold > supply.max {
            findings.push(format!("{sku}: {sold} pieces are in orders, but at most {} were in stock", supply.max));
        }
    }
    for offer in state.offers.values().filter(|offer| offer.available < 0) {
        findings.push(format!("{}: {} pieces are available", offer.sku, offer.available));
    }
    for bucket in state.buckets.iter().filter(|bucket| bucket.available < 0) {
        findings.push(format!("{}: bucket {} has {} pieces", bucket.sku, bucket.number, bucket.available));
    }
    for call in history.calls.iter().filter(|call| has_negative_stock(&call.answer)) {
        findings.push(format!("#{} was answered with negative stock: {}", call.seq, call.answer));
    }
    findings
}

/// Is any member `available` of this document negative?
fn has_negative_stock(document: &Value) -> bool {
    match document {
        Value::Object(members) => members.iter().any(|(name, value)| {
            (name == "available" && value.as_i64().is_some_and(|pieces| pieces < 0)) || has_negative_stock(value)
        }),
        Value::Array(values) => values.iter().any(has_negative_stock),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, MUG};
    use serde_json::json;

    #[test]
    fn more_pieces_in_orders_than_in_stock_are_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.order_mut(fixture::PAID).items[0].quantity = 16;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["MUG: 16 pieces are in orders, but at most 15 were in stock"],
        );
    }

    #[test]
    fn negative_stock_in_the_table_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.offers.get_mut(MUG).expect("the mug").available = -1;
        fixture::assert_one_finding(&check(&state, &history), &["MUG: -1 pieces are available"]);
    }

    #[test]
    fn negative_stock_in_a_bucket_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.buckets[1].available = -1;
        fixture::assert_one_finding(&check(&state, &history), &["JAR: bucket 33 has -1 pieces"]);
    }

    #[test]
    fn negative_stock_in_a_response_is_a_violation() {
        let (state, mut history) = fixture::valid_run();
        let call = fixture::call_mut(&mut history, "/cart/me/items");
        call.answer["items"][0]["available"] = json!(-2);
        fixture::assert_one_finding(&check(&state, &history), &["was answered with negative stock"]);
    }
}
