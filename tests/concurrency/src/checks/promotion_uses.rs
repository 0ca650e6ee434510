//! What was counted of promotions is what live orders use, and no limit is exceeded.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::History;
use crate::observed::{CountedUses, CustomerUses, ObservedState, Order, Promotion};

pub(super) const INVARIANT: &str = "The rows of a promotion, of its customers and of its codes count exactly the orders that use it and are not cancelled, and never more than their limits.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let buyers = buyers(history);
    let mut findings = Vec::new();
    for promotion in &state.promotions {
        of_all_orders(state, promotion, &mut findings);
        of_buyers(state, promotion, &buyers, &mut findings);
    }
    of_customers(state, &mut findings);
    of_codes(state, &mut findings);
    findings
}

/// The orders that count uses.
pub(super) fn counting_orders(state: &ObservedState) -> impl Iterator<Item = &Order> {
    state.orders.iter().filter(|order| order.price.uses.first_order || !order.price.uses.promotions.is_empty())
}

/// The orders that are not cancelled and whose price has the promotion.
fn live_orders<'a>(state: &'a ObservedState, promotion: &'a str) -> impl Iterator<Item = &'a Order> {
    let uses = move |order: &&Order| order.price.promotions.iter().any(|applied| applied.0 == promotion);
    state.orders.iter().filter(|order| order.keeps_stock()).filter(uses)
}

/// Who sent the request with each idempotency key: the account, or the email address of a guest.
pub(super) fn buyers(history: &History) -> BTreeMap<&str, &str> {
    let placing = history.calls.iter().filter(|call| call.method == "POST" && call.path == "/api/v1/orders");
    placing
        .filter_map(|call| Some((call.key.as_deref()?, call.caller.as_deref().or(call.body["email"].as_str())?)))
        .collect()
}

fn of_all_orders(state: &ObservedState, promotion: &Promotion, findings: &mut Vec<String>) {
    let Some(limit) = promotion.limits.total else { return };
    let (id, live) = (&promotion.id, count(live_orders(state, &promotion.id)));
    if live > limit {
        findings.push(format!("{live} orders use {id}, which is for {limit}"));
    }
    let used: i64 = promotion.shards.iter().map(|shard| shard.used).sum();
    if used != live {
        findings.push(format!("{id} has counted {used} uses, but {live} orders use it"));
    }
    let quotas: i64 = promotion.shards.iter().map(|shard| shard.quota).sum();
    // A draft has no rows yet.
    if quotas != limit && !promotion.shards.is_empty() {
        findings.push(format!("{id} is for {limit} orders, but its rows have room for {quotas}"));
    }
}

/// No buyer, as the requests name them, has more live orders than allowed.
fn of_buyers(state: &ObservedState, promotion: &Promotion, buyers: &BTreeMap<&str, &str>, findings: &mut Vec<String>) {
    let mut orders = BTreeMap::<&str, i64>::new();
    for order in live_orders(state, &promotion.id) {
        let buyer = order.key.as_deref().and_then(|key| buyers.get(key)).copied();
        *orders.entry(buyer.unwrap_or(&order.buyer)).or_default() += 1;
    }
    let first = promotion.limits.first_order.then_some(1);
    let Some(limit) = first.into_iter().chain(promotion.limits.per_customer).min() else { return };
    let over = orders.into_iter().filter(|(_, orders)| *orders > limit);
    findings.extend(over.map(|(buyer, orders)| {
        format!("{orders} orders of {buyer} use {}, which is for {limit} of each customer", promotion.id)
    }));
}

/// The rows of customers have exactly the live orders that have counted them.
fn of_customers(state: &ObservedState, findings: &mut Vec<String>) {
    let mut due = BTreeMap::<(&str, Option<&str>), BTreeSet<&str>>::new();
    // Also rows of which all orders are cancelled.
    let mut all = BTreeSet::new();
    for order in counting_orders(state) {
        all.insert(order.id.as_str());
        for row in customer_rows(&order.price.uses) {
            let orders = due.entry(row).or_default();
            if order.keeps_stock() {
                orders.insert(&order.id);
            }
        }
    }
    let of_run = |row: &&CustomerUses| row.orders.iter().any(|order| all.contains(order.as_str()));
    for row in state.customer_uses.iter().filter(of_run) {
        due.entry((row.customer.as_str(), row.promotion.as_deref())).or_default();
    }
    for ((customer, promotion), orders) in due {
        let rows = state.customer_uses.iter();
        let rows = rows.filter(|row| row.customer == customer && row.promotion.as_deref() == promotion);
        let counted: BTreeSet<&str> = rows.flat_map(|row| &row.orders).map(String::as_str).collect();
        if counted != orders {
            let of = promotion.unwrap_or("the first order");
            findings.push(format!("{customer} has counted {counted:?} for {of}, but has the orders {orders:?}"));
        }
    }
}

/// The rows of the customer that an order has counted in.
fn customer_rows(uses: &CountedUses) -> impl Iterator<Item = (&str, Option<&str>)> {
    let promotions = uses.promotions.iter().filter(|counted| counted.per_customer);
    let promotions = promotions.map(|counted| Some(counted.promotion.as_str()));
    let rows = promotions.chain(uses.first_order.then_some(None));
    rows.filter_map(move |promotion| Some((uses.customer.as_deref()?, promotion)))
}

fn of_codes(state: &ObservedState, findings: &mut Vec<String>) {
    for code in &state.codes {
        let Some(limit) = code.max_uses else { continue };
        let uses = |order: &&Order| {
            order.price.uses.promotions.iter().any(|counted| counted.code.as_ref() == Some(&code.code))
        };
        let live = count(counting_orders(state).filter(|order| order.keeps_stock()).filter(uses));
        if code.used != live || live > limit {
            findings
                .push(format!("{} is for {limit} orders and has counted {}, but {live} use it", code.code, code.used));
        }
    }
}

fn count<'a>(orders: impl Iterator<Item = &'a Order>) -> i64 {
    orders.map(|_| 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coupon_fixture::{TEN, coupon_run};
    use crate::fixture::{PAID, assert_one_finding};
    use crate::observed::OrderStatus;

    fn findings_after(change: impl FnOnce(&mut ObservedState)) -> Vec<String> {
        let (mut state, history) = coupon_run();
        change(&mut state);
        check(&state, &history)
    }

    /// The same order once more, of the same buyer. Only its customer rows do not know it.
    fn add_order(state: &mut ObservedState) {
        let mut order = state.order_mut(PAID).clone();
        order.id = "ord_more".into();
        state.orders.push(order);
    }

    #[test]
    fn counted_uses_are_right() {
        assert_eq!(findings_after(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn one_use_more_than_the_limit_is_a_violation() {
        let findings = findings_after(|state| {
            add_order(state);
            state.promotions[0].shards[0].used = 2;
        });
        for finding in
            ["2 orders use prm_ten, which is for 1", "2 orders of usr_ada use prm_ten, which is for 1 of each"]
        {
            assert!(findings.iter().any(|found| found.contains(finding)), "{finding}: {findings:?}");
        }
    }

    #[test]
    fn second_first_order_is_a_violation() {
        let findings = findings_after(|state| {
            add_order(state);
            let limits = &mut state.promotions[0].limits;
            (limits.total, limits.per_customer) = (None, Some(2));
        });
        assert!(findings.iter().any(|found| found.contains("which is for 1 of each customer")), "{findings:?}");
    }

    #[test]
    fn use_that_is_not_returned_is_a_violation() {
        let findings = findings_after(|state| state.order_mut(PAID).status = OrderStatus::Cancelled);
        let expected =
            ["prm_ten has counted 1 uses, but 0", "has counted {\"ord_paid\"} for prm_ten", "for the first order", TEN];
        assert_eq!(findings.len(), expected.len(), "{findings:?}");
        for (finding, part) in findings.iter().zip([expected[0], expected[2], expected[1], expected[3]]) {
            assert!(finding.contains(part), "{part}: {finding}");
        }
    }

    #[test]
    fn use_that_is_returned_twice_is_a_violation() {
        let findings = findings_after(|state| state.promotions[0].shards[0].used = 0);
        assert_one_finding(&findings, &["prm_ten has counted 0 uses, but 1 orders use it"]);
        assert_one_finding(
            &findings_after(|state| state.codes[0].used = 0),
            &["TEN is for 1 orders and has counted 0"],
        );
        assert_one_finding(&findings_after(|state| _ = state.customer_uses.pop()), &["cus_ada has counted {}"]);
    }

    #[test]
    fn quotas_that_differ_from_the_limit_are_a_violation() {
        let findings = findings_after(|state| state.promotions[0].shards[0].quota = 2);
        assert_one_finding(&findings, &["prm_ten is for 1 orders, but its rows have room for 2"]);
    }
}
