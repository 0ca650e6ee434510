//! Every order adds up, costs what its customer expected, and is charged with its total.

use crate::history::History;
use crate::observed::{ObservedState, Order};
use crate::operation::OperationKind;

pub(super) const INVARIANT: &str = "The lines, the total and the payment of an order agree with each other and with the total that the customer expected.";

pub(super) fn check(state: &ObservedState, history: &History) -> Vec<String> {
    let mut findings: Vec<String> = state.orders.iter().flat_map(|order| of_order(state, order)).collect();
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

fn of_order(state: &ObservedState, order: &Order) -> Vec<String> {
    let mut findings = Vec::new();
    let id = &order.id;
    for item in &order.items {
        let expected_amount = item.unit_price.amount * item.quantity;
        if item.line_total.amount != expected_amount {
            findings.push(format!(
                "{id}: {} of {} cost {expected_amount}, not {}",
                item.quantity, item.sku, item.line_total.amount
            ));
        }
    }
    let lines: i64 = order.items.iter().map(|item| item.line_total.amount).sum();
    if order.subtotal.amount != lines {
        findings.push(format!("{id}: its lines cost {lines}, but its subtotal is {}", order.subtotal.amount));
    }
    let expected_amount = order.subtotal.amount - order.discount.amount + order.tax.amount + order.shipping.amount;
    if order.total.amount != expected_amount {
        findings
            .push(format!("{id}: its amounts add up to {expected_amount}, but its total is {}", order.total.amount));
    }
    for payment in state.payments_of(id).filter(|payment| payment.amount != order.total) {
        let (paid, total) = (&payment.amount, &order.total);
        findings.push(format!(
            "{id} costs {} {}, but {} charges {} {}",
            total.amount, total.currency, payment.id, paid.amount, paid.currency
        ));
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
        fixture::assert_one_finding(
            &findings_after(|order| order.tax.amount = 5),
            &["its amounts add up to 2603, but its total is 2598"],
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
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid costs 2598 EUR, but pay_paid charges 2000 EUR"],
        );
    }
}
