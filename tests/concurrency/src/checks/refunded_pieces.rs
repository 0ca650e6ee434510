//! No piece of a line and no shipping is refunded twice, and all pieces of a line come to what was paid for it: without tax, and each tax.

use crate::history::History;
use crate::observed::{Item, ObservedState, Order, Payment, Refund, RefundStatus, RefundSum};

pub(super) const INVARIANT: &str = "The refunds of a line have no more pieces than were bought and no more money than was paid, and all of the money if they have all pieces. Shipping is refunded once.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings: Vec<String> = refunds_by_parts(state).filter_map(of_refund).collect();
    for payment in &state.payments {
        let Some(order) = state.order(&payment.order_id) else { continue };
        findings.extend(order.items.iter().enumerate().filter_map(|item| of_line(state, payment, order, item)));
        findings.extend(of_shipping(state, payment));
    }
    findings
}

/// The refunds that name pieces or shipping.
pub(super) fn refunds_by_parts(state: &ObservedState) -> impl Iterator<Item = &Refund> {
    state.refunds.iter().filter(|refund| !refund.lines.is_empty() || refund.shipping.is_some())
}

/// Those of a payment that have not failed.
fn counted_refunds<'a>(state: &'a ObservedState, payment: &'a Payment) -> impl Iterator<Item = &'a Refund> {
    refunds_by_parts(state)
        .filter(move |refund| refund.payment_id == payment.id && refund.status != RefundStatus::Failed)
}

fn of_refund(refund: &Refund) -> Option<String> {
    let sums: Vec<&RefundSum> = refund.lines.iter().map(|line| &line.sum).chain(&refund.shipping).collect();
    let (id, amount) = (&refund.id, refund.amount);
    if let Some(sum) = sums.iter().find(|sum| sum.parts().iter().sum::<i64>() != sum.amount) {
        return Some(format!("{id} pays back {}, but its parts are {:?}", sum.amount, sum.parts()));
    }
    let all: i64 = sums.iter().map(|sum| sum.amount).sum();
    (all != amount).then(|| format!("{id} is a refund of {amount}, but its parts come to {all}"))
}

fn of_line(state: &ObservedState, payment: &Payment, order: &Order, (index, item): (usize, &Item)) -> Option<String> {
    let (id, sku, bought) = (&order.id, &item.sku, item.quantity);
    let paid = payment.lines.get(index).map(|line| parts(line.2, &line.3)).unwrap_or_default();
    let cost = item.line_total.amount - item.discount.amount + item.tax.amount;
    if paid.iter().sum::<i64>() != cost {
        return Some(format!("{id}: {sku} costs {cost}, but its payment says {paid:?}"));
    }
    let (mut pieces, mut refunded) = (0, vec![0i64; paid.len()]);
    let lines = counted_refunds(state, payment).flat_map(|refund| &refund.lines);
    for line in lines.filter(|line| line.sku == item.sku) {
        pieces += line.quantity;
        for (sum, part) in refunded.iter_mut().zip(line.sum.parts()) {
            *sum += part;
        }
    }
    if pieces > bought || refunded.iter().zip(&paid).any(|(refunded, paid)| refunded > paid) {
        return Some(format!(
            "{id}: {bought} of {sku} were bought for {paid:?}, but {pieces} are refunded, with {refunded:?}"
        ));
    }
    if pieces == bought && refunded != paid {
        return Some(format!("{id}: all {bought} of {sku} are refunded, but only {refunded:?} of {paid:?}"));
    }
    let counted = payment.refunded_lines.get(index).map(|line| (line.0, parts(line.1, &line.2)));
    let counted = counted.unwrap_or_else(|| (0, vec![0; paid.len()]));
    (counted != (pieces, refunded.clone()))
        .then(|| format!("{id}: {pieces} of {sku} are refunded, with {refunded:?}, but its payment counts {counted:?}"))
}

fn of_shipping(state: &ObservedState, payment: &Payment) -> Option<String> {
    let refunded: Vec<Vec<i64>> =
        counted_refunds(state, payment).filter_map(|refund| refund.shipping.as_ref()).map(RefundSum::parts).collect();
    let paid = payment.shipping.as_ref().map(|shipping| parts(shipping.0, &shipping.1));
    let expected: Vec<Vec<i64>> = paid.into_iter().filter(|_| payment.shipping_refunded).collect();
    (refunded != expected)
        .then(|| format!("{} has refunds {refunded:?} of its shipping, and should have {expected:?}", payment.id))
}

/// The part without tax, and each tax.
fn parts(net: i64, taxes: &[i64]) -> Vec<i64> {
    [&[net][..], taxes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::observed::{Money, RefundedLine, ShippingAmount};

    /// The two mugs were paid with 2183 and a tax of 415. The findings after the refund of one of them becomes one of so many, and of these
    /// parts, and the payment counts so many.
    fn findings(quantity: i64, (net, tax): (i64, i64), counted: (i64, i64, i64)) -> Vec<String> {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = net + tax;
        state.refunds[0].lines[0].quantity = quantity;
        state.refunds[0].lines[0].sum = sum(net, tax);
        state.payment_mut("pay_paid").refunded_lines = vec![RefundedLine(counted.0, counted.1, vec![counted.2])];
        check(&state, &history)
    }

    fn sum(net: i64, tax: i64) -> RefundSum {
        RefundSum { amount: net + tax, net, taxes: vec![Money { amount: tax, currency: "EUR".into() }] }
    }

    #[test]
    fn more_pieces_or_money_than_bought_are_a_violation() {
        assert_eq!(findings(2, (2183, 415), (2, 2183, 415)), [""; 0]);
        fixture::assert_one_finding(
            &findings(3, (2183, 415), (3, 2183, 415)),
            &["ord_paid: 2 of MUG were bought", "3 are refunded"],
        );
        for more in [(2184, 415), (2182, 416)] {
            let counted = (1, more.0, more.1);
            fixture::assert_one_finding(&findings(1, more, counted), &["ord_paid: 2 of MUG were bought", "with ["]);
        }
    }

    #[test]
    fn all_pieces_without_all_the_money_are_a_violation() {
        fixture::assert_one_finding(
            &findings(2, (2183, 414), (2, 2183, 414)),
            &["all 2 of MUG are refunded, but only [2183, 414] of [2183, 415]"],
        );
    }

    #[test]
    fn wrong_count_is_a_violation() {
        for counted in [(0, 0, 0), (1, 1000, 0)] {
            fixture::assert_one_finding(
                &findings(1, (840, 160), counted),
                &["1 of MUG are refunded, with [840, 160]", "its payment counts"],
            );
        }
    }

    #[test]
    fn failed_refund_counts_nothing() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].status = RefundStatus::Failed;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["0 of MUG are refunded", "its payment counts (1, [840, 160])"],
        );
        state.payment_mut("pay_paid").refunded_lines.clear();
        assert_eq!(check(&state, &history), [""; 0]);
    }

    #[test]
    fn amount_that_differs_from_its_parts_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].amount = 999;
        fixture::assert_one_finding(
            &check(&state, &history),
            &["rfd_1 is a refund of 999, but its parts come to 1000"],
        );
        let (mut state, history) = fixture::valid_run();
        state.refunds[0].lines[0].sum.amount = 999;
        fixture::assert_one_finding(&check(&state, &history), &["rfd_1 pays back 999, but its parts are [840, 160]"]);
    }

    #[test]
    fn payment_of_another_price_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.payment_mut("pay_paid").lines[0].3.clear();
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid: MUG costs 2598, but its payment says [2183]"],
        );
    }

    #[test]
    fn shipping_that_is_refunded_twice_or_not_counted_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let refund = &mut state.refunds[0];
        (refund.amount, refund.shipping) = (1490, Some(sum(412, 78)));
        let payment = state.payment_mut("pay_paid");
        (payment.shipping, payment.shipping_refunded) = (Some(ShippingAmount(412, vec![78])), true);
        assert_eq!(check(&state, &history), [""; 0]);
        state.payment_mut("pay_paid").shipping_refunded = false;
        let expected = ["pay_paid has refunds [[412, 78]] of its shipping, and should have []"];
        fixture::assert_one_finding(&check(&state, &history), &expected);
        state.payment_mut("pay_paid").shipping_refunded = true;
        let again = Refund { id: "rfd_2".into(), amount: 490, lines: Vec::new(), ..state.refunds[0].clone() };
        state.refunds.push(again);
        let expected = ["pay_paid has refunds [[412, 78], [412, 78]] of its shipping, and should have [[412, 78]]"];
        fixture::assert_one_finding(&check(&state, &history), &expected);
    }
}
