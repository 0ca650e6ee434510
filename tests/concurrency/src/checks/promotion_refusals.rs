//! An order is refused because of a coupon only if a limit was reached.

use std::collections::BTreeMap;

use super::promotion_uses::buyers;
use super::refusals::{Change, least_free};
use crate::history::{CallRecord, Effect, History};
use crate::observed::{ObservedState, Order};
use crate::operation::OperationKind;

pub(super) const INVARIANT: &str = "An order whose coupon is refused as used up found a limit reached at some time during its request: that of all orders, of the code, or of its customer.";

/// A response that refused a coupon.
#[derive(Debug)]
pub(super) struct Refusal<'a> {
    call: &'a CallRecord,
    code: &'a str,
    /// `promotion_exhausted`, `coupon_used` or `coupon_first_order_only`.
    reason: &'a str,
}

/// When orders have used a promotion, and when the use was given back, in microseconds of the history.
#[derive(Debug, Default)]
struct Times<'a> {
    /// By idempotency key.
    ordered: BTreeMap<String, u64>,
    /// By order. Only an acknowledged cancellation certainly gives a use back.
    freed: BTreeMap<String, u64>,
    buyers: BTreeMap<&'a str, &'a str>,
}

/// The refusals of coupons whose uses are limited.
pub(super) fn refusals(history: &History) -> impl Iterator<Item = Refusal<'_>> {
    let placing =
        history.calls.iter().filter(|call| matches!(OperationKind::of(call), OperationKind::PlaceOrder { .. }));
    placing.flat_map(|call| {
        let errors = call.answer["errors"].as_array().into_iter().flatten();
        errors.filter_map(move |error| {
            let reason = error["code"].as_str()?;
            let code = error["field"].as_str()?.strip_prefix("coupons.")?;
            let is_used_up = ["promotion_exhausted", "coupon_used", "coupon_first_order_only"].contains(&reason);
            is_used_up.then_some(Refusal { call, code, reason })
        })
    })
}

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let times = Times::of(history);
    let wrong = refusals(history).filter_map(|refusal| {
        let free = least_uses_left(state, &times, &refusal)?;
        let Refusal { call, code, reason } = refusal;
        (free > 0).then(|| {
            format!("#{} was refused {code} ({reason}), although {free} uses were left all the time", call.seq)
        })
    });
    wrong.collect()
}

/// The uses that were certainly left during a request, by the limit that its refusal names. None without such a limit.
fn least_uses_left(state: &ObservedState, times: &Times<'_>, refusal: &Refusal<'_>) -> Option<i64> {
    let call = refusal.call;
    let (began_us, ended_us) = (call.began_us, call.ended_us?);
    let code = state.codes.iter().find(|code| code.code == refusal.code)?;
    let promotion = state.promotions.iter().find(|promotion| promotion.id == code.promotion)?;
    let buyer = call.key.as_deref().and_then(|key| times.buyers.get(key).copied());
    let is_buyers = |order: &Order| times.buyer(order) == buyer;
    let uses = |order: &Order| order.price.promotions.iter().any(|applied| applied.0 == promotion.id);
    let with_code = |order: &Order| order.price.promotions.iter().any(|applied| applied.3.as_ref() == Some(&code.code));
    let left = |limit: i64, counts: &dyn Fn(&Order) -> bool| {
        least_free(&times.changes(limit, state.orders.iter().filter(|order| counts(order))), began_us, ended_us)
    };
    match refusal.reason {
        "promotion_exhausted" => Some(left(promotion.limits.total?, &uses)),
        "coupon_first_order_only" => Some(left(1, &is_buyers)),
        _ => {
            let of_code = code.max_uses.map(|limit| left(limit, &with_code));
            let of_buyer = promotion.limits.per_customer;
            let of_buyer = of_buyer.map(|limit| left(limit, &|order: &Order| is_buyers(order) && uses(order)));
            of_code.into_iter().chain(of_buyer).min()
        }
    }
}

impl<'a> Times<'a> {
    fn of(history: &'a History) -> Self {
        let mut times = Self { buyers: buyers(history), ..Self::default() };
        for operation in history.operations().iter().filter(|operation| operation.effect() != Effect::Rejected) {
            match &operation.kind {
                OperationKind::PlaceOrder { key, .. } => {
                    times.ordered.entry(key.clone()).or_insert(operation.earliest_us());
                }
                OperationKind::CancelOrder { order } => {
                    if let Some(latest) = operation.latest_us() {
                        let freed = times.freed.entry(order.clone()).or_insert(latest);
                        *freed = latest.min(*freed);
                    }
                }
                _ => {}
            }
        }
        times
    }

    fn buyer(&self, order: &Order) -> Option<&'a str> {
        self.buyers.get(order.key.as_deref()?).copied()
    }

    /// The limit, and the changes of what is left of it, at the times that leave the least.
    fn changes<'o>(&self, limit: i64, orders: impl Iterator<Item = &'o Order>) -> Vec<Change> {
        let mut changes = vec![Change { at_us: 0, pieces: limit }];
        for order in orders {
            let ordered = order.key.as_ref().and_then(|key| self.ordered.get(key)).copied().unwrap_or(0);
            changes.push(Change { at_us: ordered, pieces: -1 });
            changes.extend(self.freed.get(&order.id).map(|at_us| Change { at_us: *at_us, pieces: 1 }));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coupon_fixture::{add, coupon_run, refuse};
    use crate::fixture::{PAID, assert_one_finding};
    use serde_json::json;

    /// The findings if a guest is refused between 600 and 610 µs for this reason.
    fn findings_for(email: &str, reason: &str, change: impl FnOnce(&mut ObservedState, &mut History)) -> Vec<String> {
        let (mut state, mut history) = coupon_run();
        change(&mut state, &mut history);
        refuse(&mut history, (600, email), reason, 422);
        check(&state, &history)
    }

    fn cancel_at(history: &mut History, began_us: u64) {
        let path = format!("/orders/{PAID}/cancel");
        add(history, (began_us, None), (&path, json!({}), "key-cancel"), (200, json!({})));
    }

    /// The order is of this guest.
    fn ordered_by(history: &mut History, email: &str) {
        for call in history.calls.iter_mut().filter(|call| call.key.as_deref() == Some("key-paid")) {
            (call.caller, call.body["email"]) = (None, json!(email));
        }
    }

    #[test]
    fn refusal_of_the_last_use_is_right() {
        assert_eq!(findings_for("eve@example.com", "promotion_exhausted", |_, _| ()), Vec::<String>::new());
    }

    #[test]
    fn refusal_while_uses_are_left_is_a_violation() {
        let more = |state: &mut ObservedState, _: &mut History| state.promotions[0].limits.total = Some(2);
        let findings = findings_for("eve@example.com", "promotion_exhausted", more);
        assert_eq!(findings.len(), 2, "both refusals: {findings:?}");
        assert!(
            findings[0].contains("was refused TEN (promotion_exhausted), although 1 uses were left"),
            "{findings:?}"
        );
    }

    #[test]
    fn only_an_acknowledged_cancellation_gives_a_use_back() {
        let late = findings_for("eve@example.com", "promotion_exhausted", |_, history| cancel_at(history, 595));
        assert_eq!(late, Vec::<String>::new());
        let early = findings_for("eve@example.com", "promotion_exhausted", |_, history| cancel_at(history, 580));
        assert_one_finding(&early, &["although 1 uses were left all the time"]);
    }

    #[test]
    fn limit_of_a_customer_is_about_the_same_customer() {
        let without_code = |state: &mut ObservedState| state.codes[0].max_uses = None;
        for reason in ["coupon_used", "coupon_first_order_only"] {
            let of_another = findings_for("eve@example.com", reason, |state, _| without_code(state));
            assert_one_finding(&of_another, &["was refused TEN", reason]);
            let of_the_same = findings_for("eve@example.com", reason, |state, history| {
                without_code(state);
                ordered_by(history, "eve@example.com");
            });
            assert_eq!(of_the_same, Vec::<String>::new(), "{reason}");
        }
        assert_eq!(
            findings_for("eve@example.com", "coupon_used", |_, _| ()),
            Vec::<String>::new(),
            "the code is used up"
        );
    }

    #[test]
    fn other_refusals_are_not_judged() {
        assert_eq!(findings_for("eve@example.com", "coupon_unknown", |_, _| ()), Vec::<String>::new());
    }
}
