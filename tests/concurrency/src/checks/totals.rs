//! Every order adds up, costs what its customer expected, and is charged with its total.

use std::collections::BTreeMap;

use super::price_parts::wrong_sums;
use crate::history::History;
use crate::observed::{ObservedState, Order, Payment};
use crate::operation::OperationKind;

pub(super) const INVARIANT: &str = "`total = subtotal - discount + shipping + tax`, each of them is the sum of its parts, and the order is charged with this total, which is what the customer expected.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let mut findings = orders_with_wrong_totals(&state.orders, &state.payments);
    for operation in history.operations() {
        let OperationKind::PlaceOrder { key, expected_total: Some(expected), .. } = &operation.kind else { continue };
        let orders = state.orders.iter().filter(|order| order.key.as_ref() == Some(key));
        findings.extend(orders.filter(|order| order.total.amount != *expected).map(|order| {
            format!(
                "{} ({}) costs {}, but its customer expected {expected}",
                order.id,
                operation.call_numbers(),
                order.total.amount
            )
        }));
    }
    findings
}

/// The orders whose sums differ from their parts, and those that are charged with another amount.
pub fn orders_with_wrong_totals(orders: &[Order], payments: &[Payment]) -> Vec<String> {
    let mut charged = BTreeMap::<&str, Vec<&Payment>>::new();
    for payment in payments {
        charged.entry(&payment.order_id).or_default().push(payment);
    }
    let of_order = |order: &Order| {
        let payments = charged.get(order.id.as_str()).into_iter().flatten();
        let wrong_charges = payments.flat_map(|payment| wrong_charge(order, payment));
        wrong_sums(order).into_iter().chain(wrong_charges).collect::<Vec<_>>()
    };
    orders.iter().flat_map(of_order).collect()
}

/// A payment has the total of its order, and so do its lines and its shipping together.
fn wrong_charge(order: &Order, payment: &Payment) -> Vec<String> {
    let (id, total, amount) = (&order.id, &order.total, &payment.amount);
    let mut findings = Vec::new();
    if amount != total {
        findings.push(format!(
            "{id} costs {} {}, but {} charges {} {}",
            total.amount, total.currency, payment.id, amount.amount, amount.currency
        ));
    }
    let lines: i64 = payment.lines.iter().map(|line| line.2 + line.3.iter().sum::<i64>()).sum();
    let shipping: i64 = payment.shipping.iter().map(|shipping| shipping.0 + shipping.1.iter().sum::<i64>()).sum();
    // The release before stored no lines.
    if !payment.lines.is_empty() && lines + shipping != amount.amount {
        findings.push(format!("{} charges {} for parts of {}", payment.id, amount.amount, lines + shipping));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, PAID};

    fn findings_after(change: impl FnOnce(&mut Order)) -> Vec<String> {
        let (mut state, history) = fixture::valid_run();
        change(state.order_mut(PAID));
        check(&state, &history)
    }

    #[test]
    fn wrong_line_total_is_a_violation() {
        let findings = findings_after(|order| order.items[0].line_total.amount += 1);
        assert!(
            findings.iter().any(|finding| finding.contains("ord_paid: 2 of MUG cost 2598, not 2599")),
            "{findings:?}"
        );
    }

    #[test]
    fn wrong_order_total_is_a_violation() {
        let findings = findings_after(|order| order.tax.amount = 5);
        assert!(
            findings.iter().any(|finding| finding.contains("its amounts add up to 2603, but its total is 2598")),
            "{findings:?}"
        );
        let findings = findings_after(|order| order.subtotal.amount = 1);
        assert!(
            findings.iter().any(|finding| finding.contains("its lines cost 2598, but its subtotal is 1")),
            "{findings:?}"
        );
    }

    #[test]
    fn unexpected_total_is_a_violation() {
        let findings = findings_after(|order| {
            (order.tax.amount, order.total.amount) = (2, 2600);
        });
        assert!(
            findings.iter().any(|finding| finding.contains("costs 2600, but its customer expected 2598")),
            "{findings:?}"
        );
    }

    #[test]
    fn payment_of_another_amount_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").amount.amount = 2000;
        let findings = check(&state, &history);
        assert_eq!(
            findings,
            ["ord_paid costs 2598 EUR, but pay_paid charges 2000 EUR", "pay_paid charges 2000 for parts of 2598"]
        );
    }

    #[test]
    fn payment_whose_parts_come_to_another_amount_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").lines[0].3[0] -= 1;
        fixture::assert_one_finding(&check(&state, &history), &["pay_paid charges 2598 for parts of 2597"]);
    }
}
