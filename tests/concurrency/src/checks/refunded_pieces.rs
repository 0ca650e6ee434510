//! No piece of a line is refunded twice, and all pieces of a line come to what was paid for it.

use crate::history::History;
use crate::observed::{Item, ObservedState, Order, Payment, Refund, RefundStatus};

pub(super) const INVARIANT: &str = "The refunds of a line have no more pieces than were bought and no more money than was paid, and all of the money if they have all pieces.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings: Vec<String> = refunds_by_lines(state)
        .filter_map(|refund| {
            let lines: i64 = refund.lines.iter().map(|line| line.amount).sum();
            let (id, amount) = (&refund.id, refund.amount);
            (lines != amount).then(|| format!("{id} is a refund of {amount}, but its lines come to {lines}"))
        })
        .collect();
    for payment in &state.payments {
        let Some(order) = state.order(&payment.order_id) else { continue };
        findings.extend(order.items.iter().enumerate().filter_map(|item| of_line(state, payment, order, item)));
    }
    findings
}

/// The refunds that name pieces.
pub(super) fn refunds_by_lines(state: &ObservedState) -> impl Iterator<Item = &Refund> {
    state.refunds.iter().filter(|refund| !refund.lines.is_empty())
}

fn of_line(state: &ObservedState, payment: &Payment, order: &Order, (index, item): (usize, &Item)) -> Option<String> {
    let of_payment = refunds_by_lines(state)
        .filter(|refund| refund.payment_id == payment.id && refund.status != RefundStatus::Failed);
    let lines = of_payment.flat_map(|refund| &refund.lines).filter(|line| line.sku == item.sku);
    let (pieces, amount) = lines.fold((0, 0), |(pieces, amount), line| (pieces + line.quantity, amount + line.amount));
    let (id, sku, bought, paid) = (&order.id, &item.sku, item.quantity, item.line_total.amount);
    let counted = payment.refunded_lines.get(index).copied().unwrap_or_default();
    if pieces > bought || amount > paid {
        return Some(format!(
            "{id}: {bought} of {sku} were bought for {paid}, but {pieces} are refunded, with {amount}"
        ));
    }
    if pieces == bought && amount != paid {
        return Some(format!("{id}: all {bought} of {sku} are refunded, but only {amount} of {paid}"));
    }
    (counted != (pieces, amount))
        .then(|| format!("{id}: {pieces} of {sku} are refunded, with {amount}, but its payment counts {counted:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    /// The findings after the refund of one mug becomes one of so many, and of that amount.
    fn findings(quantity: i64, amount: i64, counted: (i64, i64)) -> Vec<String> {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = amount;
        (state.refunds[0].lines[0].quantity, state.refunds[0].lines[0].amount) = (quantity, amount);
        state.payment_mut("pay_paid").refunded_lines = vec![counted];
        check(&state, &history)
    }

    #[test]
    fn more_pieces_or_money_than_bought_are_a_violation() {
        assert_eq!(findings(2, 2598, (2, 2598)), [""; 0]);
        fixture::assert_one_finding(
            &findings(3, 2598, (3, 2598)),
            &["ord_paid: 2 of MUG were bought", "3 are refunded"],
        );
        fixture::assert_one_finding(&findings(1, 2599, (1, 2599)), &["ord_paid: 2 of MUG were bought", "with 2599"]);
    }

    #[test]
    fn all_pieces_without_all_the_money_are_a_violation() {
        fixture::assert_one_finding(
            &findings(2, 2597, (2, 2597)),
            &["all 2 of MUG are refunded, but only 2597 of 2598"],
        );
    }

    #[test]
    fn wrong_count_is_a_violation() {
        fixture::assert_one_finding(
            &findings(1, 1000, (0, 0)),
            &["1 of MUG are refunded", "its payment counts (0, 0)"],
        );
    }

    #[test]
    fn failed_refund_counts_nothing() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].status = RefundStatus::Failed;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["0 of MUG are refunded", "its payment counts (1, 1000)"],
        );
        state.payment_mut("pay_paid").refunded_lines.clear();
        assert_eq!(check(&state, &history), [""; 0]);
    }

    #[test]
    fn amount_that_differs_from_its_lines_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = 999;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["rfd_1 is a refund of 999, but its lines come to 1000"],
        );
    }
}
