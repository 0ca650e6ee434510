//! An order is refused for lack of stock only if the stock was lacking.

use std::collections::BTreeMap;

use crate::history::{CallRecord, Effect, History};
use crate::observed::ObservedState;
use crate::operation::OperationKind;

pub(super) const INVARIANT: &str =
    "An order that is refused for lack of stock wanted more pieces than were free at some time during its request.";

/// A response that refused some named pieces.
#[derive(Debug)]
pub(super) struct Refusal<'a> {
    call: &'a CallRecord,
    sku: &'a str,
    /// What the request asks for.
    quantity: i64,
}

/// A change of the number of pieces that are certainly free.
#[derive(Debug)]
struct Change {
    /// In microseconds of the history.
    at_us: u64,
    pieces: i64,
}

/// The refusals of named items, one for each SKU. Requests for a cart do not say what they want.
pub(super) fn refusals(history: &History) -> impl Iterator<Item = Refusal<'_>> {
    history.calls.iter().flat_map(|call| {
        let wanted = match OperationKind::of(call) {
            OperationKind::PlaceOrder { items, .. } => items,
            _ => BTreeMap::new(),
        };
        let errors = call.answer["errors"].as_array().into_iter().flatten();
        let short = errors.filter(|error| error["code"] == "insufficient_stock");
        short.filter_map(|error| error["sku"].as_str()).filter_map(move |sku| {
            let quantity = *wanted.get(sku)?;
            Some(Refusal { call, sku, quantity })
        })
    })
}

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let changes = changes(state, history);
    let wrong = refusals(history).filter_map(|Refusal { call, sku, quantity }| {
        let of_sku = changes.get(sku).map(Vec::as_slice).unwrap_or_default();
        let free = least_free(of_sku, call.began_us, call.ended_us?);
        (free >= quantity).then(|| {
            format!("#{} was refused {quantity} of {sku}, although at least {free} were free all the time", call.seq)
        })
    });
    wrong.collect()
}

/// The changes of each SKU's free pieces, at the times that leave the fewest pieces free: an addition when it was acknowledged, and a
/// removal or an order when it was requested. Only an acknowledged cancellation frees the pieces of an order.
fn changes(state: &ObservedState, history: &History) -> BTreeMap<String, Vec<Change>> {
    let (products, operations) = (history.sku_by_product(), history.operations());
    let mut changes = BTreeMap::<String, Vec<Change>>::new();
    let (mut ordered_at, mut freed_at) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    for operation in operations.iter().filter(|operation| operation.effect() != Effect::Rejected) {
        let added = match &operation.kind {
            OperationKind::NewProduct { sku, stock, .. } => Some((sku, *stock)),
            OperationKind::ChangeStock { product, delta } => products.get(product).map(|sku| (sku, *delta)),
            OperationKind::PlaceOrder { key, .. } => {
                let ordered = ordered_at.entry(key).or_insert(operation.earliest_us());
                *ordered = operation.earliest_us().min(*ordered);
                None
            }
            OperationKind::CancelOrder { order } => {
                if let Some(latest) = operation.latest_us() {
                    let freed = freed_at.entry(order).or_insert(latest);
                    *freed = latest.min(*freed);
                }
                None
            }
            _ => None,
        };
        let Some((sku, pieces)) = added else { continue };
        let at_us = if pieces < 0 { Some(operation.earliest_us()) } else { operation.latest_us() };
        changes.entry(sku.clone()).or_default().extend(at_us.map(|at_us| Change { at_us, pieces }));
    }
    for order in &state.orders {
        let ordered = order.key.as_deref().and_then(|key| ordered_at.get(key)).copied().unwrap_or(0);
        let freed = freed_at.get(order.id.as_str()).copied();
        for item in &order.items {
            let of_sku = changes.entry(item.sku.clone()).or_default();
            of_sku.push(Change { at_us: ordered, pieces: -item.quantity });
            of_sku.extend(freed.map(|at_us| Change { at_us, pieces: item.quantity }));
        }
    }
    changes
}

/// The least number of certainly free pieces between two times, in microseconds of the history.
fn least_free(changes: &[Change], began_us: u64, ended_us: u64) -> i64 {
    let free_at =
        |time: u64| changes.iter().filter(|change| change.at_us <= time).map(|change| change.pieces).sum::<i64>();
    let during = changes.iter().map(|change| change.at_us).filter(|at| (began_us..=ended_us).contains(at));
    during.chain([began_us]).map(free_at).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, CANCELLED};
    use serde_json::{Value, json};

    /// The findings if the refused order wanted this many pieces. It was refused between 220 and 230 µs. Then 10 of 15 pieces were free.
    fn findings_for(quantity: i64, change: impl FnOnce(&mut History)) -> Vec<String> {
        let (state, mut history) = fixture::valid_run();
        call_mut(&mut history, "key-refused").body["items"][0]["quantity"] = quantity.into();
        change(&mut history);
        check(&state, &history)
    }

    fn call_mut<'a>(history: &'a mut History, key: &str) -> &'a mut CallRecord {
        history.calls.iter_mut().find(|call| call.key.as_deref() == Some(key)).expect("a call with this key")
    }

    fn cancel_at(history: &mut History, began_us: u64, ended_us: u64) {
        let path = format!("/api/v1/orders/{CANCELLED}/cancel");
        let call = CallRecord::new("guest", None, "POST", &path, json!({}), Some("key-cancel"));
        let (seq, status) = (history.calls.len(), Some(200));
        history.calls.push(CallRecord { seq, began_us, ended_us: Some(ended_us), status, ..call });
    }

    #[test]
    fn refusal_of_free_pieces_is_a_violation() {
        fixture::assert_one_finding(
            &findings_for(10, |_| ()),
            &["was refused 10 of MUG, although at least 10 were free all the time"],
        );
        assert!(findings_for(11, |_| ()).is_empty());
    }

    #[test]
    fn refusal_is_right_if_pieces_may_have_been_missing_for_a_moment() {
        // An order of 3 pieces begins during the refused request, or after it.
        assert!(findings_for(12, |history| call_mut(history, "key-gone").began_us = 225).is_empty());
        fixture::assert_one_finding(
            &findings_for(12, |history| call_mut(history, "key-gone").began_us = 231),
            &["at least 13 were free"],
        );
    }

    #[test]
    fn only_an_acknowledged_cancellation_frees_pieces() {
        fixture::assert_one_finding(
            &findings_for(12, |history| cancel_at(history, 212, 219)),
            &["at least 13 were free"],
        );
        assert!(findings_for(12, |history| cancel_at(history, 212, 225)).is_empty());
        let lost = |history: &mut History| {
            cancel_at(history, 212, 219);
            call_mut(history, "key-cancel").status = None;
        };
        assert!(findings_for(12, lost).is_empty());
    }

    #[test]
    fn change_of_stock_without_a_response_is_not_certain() {
        assert!(findings_for(10, |history| call_mut(history, "key-stock").status = None).is_empty());
        let removed = |history: &mut History| {
            let call = call_mut(history, "key-stock");
            (call.status, call.body["delta"]) = (None, json!(-5));
        };
        assert!(findings_for(5, removed).is_empty(), "5 of 10 may have been removed, and 5 are in orders");
        fixture::assert_one_finding(&findings_for(0, removed), &["was refused 0 of MUG"]);
    }

    #[test]
    fn answers_without_a_refusal_are_not_judged() {
        let placed = |history: &mut History| call_mut(history, "key-refused").answer = Value::Null;
        assert!(findings_for(10, placed).is_empty());
        let dearer = |history: &mut History| {
            call_mut(history, "key-refused").answer["errors"][0]["code"] = json!("price_changed")
        };
        assert!(findings_for(10, dearer).is_empty());
    }
}
