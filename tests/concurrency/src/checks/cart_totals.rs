//! Every cart in a response adds up.

use serde_json::Value;

use crate::history::{CallRecord, Effect, History};
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str = "In every cart, a line costs its price times its quantity, and the cart costs the sum of its lines less the discount.";

pub(super) fn check(_: &ObservedState, history: &History) -> Vec<String> {
    carts(history).filter_map(|call| Some(format!("#{}: {}", call.seq, mismatch(&call.answer)?))).collect()
}

/// The calls that were answered with a cart.
pub(super) fn carts(history: &History) -> impl Iterator<Item = &CallRecord> {
    let calls = history.calls.iter().filter(|call| call.path.starts_with("/api/v1/cart"));
    calls.filter(|call| call.effect() == Effect::Applied && call.answer["items"].is_array())
}

fn mismatch(cart: &Value) -> Option<String> {
    let amount = |value: &Value| value["amount"].as_i64();
    let mut sum = 0;
    for line in cart["items"].as_array()? {
        let (price, quantity, total) =
            (amount(&line["unitPrice"]), line["quantity"].as_i64(), amount(&line["lineTotal"]));
        let expected_amount = price.zip(quantity).map(|(price, quantity)| price * quantity);
        if expected_amount.is_none() || expected_amount != total {
            return Some(format!("a line does not add up: {line}"));
        }
        sum += total.unwrap_or(0);
    }
    let (subtotal, discount, total) = (amount(&cart["subtotal"]), amount(&cart["discount"]), amount(&cart["total"]));
    if subtotal != Some(sum) {
        return Some(format!("the lines cost {sum}, but the subtotal is {subtotal:?}"));
    }
    (total != Some(sum - discount.unwrap_or(0))).then(|| format!("{sum} less {discount:?} is not {total:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    fn findings_after(pointer: &str, value: Value) -> Vec<String> {
        let (state, mut history) = fixture::valid_run();
        let cart = &mut fixture::call_mut(&mut history, "/cart/me/items").answer;
        *cart.pointer_mut(pointer).expect("the field exists") = value;
        check(&state, &history)
    }

    #[test]
    fn wrong_line_total_is_a_violation() {
        fixture::assert_one_finding(
            &findings_after("/items/0/lineTotal/amount", json!(2597)),
            &["a line does not add up"],
        );
        fixture::assert_one_finding(&findings_after("/items/0/quantity", json!(3)), &["a line does not add up"]);
    }

    #[test]
    fn wrong_cart_total_is_a_violation() {
        fixture::assert_one_finding(
            &findings_after("/subtotal/amount", json!(1)),
            &["the lines cost 2598, but the subtotal is Some(1)"],
        );
        fixture::assert_one_finding(&findings_after("/total/amount", json!(1)), &["2598 less Some(0) is not Some(1)"]);
        fixture::assert_one_finding(
            &findings_after("/discount/amount", json!(98)),
            &["2598 less Some(98) is not Some(2598)"],
        );
    }
}
