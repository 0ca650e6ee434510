//! Every order adds up, costs what its customer was shown, and is charged as it costs.

use crate::deed::Deed;
use crate::history::History;
use crate::world::{Order, World};

pub(super) const SAYS: &str =
    "Lines, sums and payment of an order are one amount, and the one that its customer expected.";

pub(super) fn check(world: &World, history: &History) -> Vec<String> {
    let mut found: Vec<String> = world.orders.iter().flat_map(|order| of_order(world, order)).collect();
    for operation in history.operations() {
        let Deed::Place { key, expected_total: Some(expected), .. } = &operation.deed else { continue };
        let orders = world.orders.iter().filter(|order| order.key.as_ref() == Some(key));
        found.extend(orders.filter(|order| order.total.amount != *expected).map(|order| {
            format!(
                "{} ({}) costs {}, and its customer expected {expected}",
                order.id,
                operation.place(),
                order.total.amount
            )
        }));
    }
    found
}

fn of_order(world: &World, order: &Order) -> Vec<String> {
    let mut found = Vec::new();
    let id = &order.id;
    for item in &order.items {
        let due = item.unit_price.amount * item.quantity;
        if item.line_total.amount != due {
            found.push(format!("{id}: {} of {} cost {due}, not {}", item.quantity, item.sku, item.line_total.amount));
        }
    }
    let lines: i64 = order.items.iter().map(|item| item.line_total.amount).sum();
    if order.subtotal.amount != lines {
        found.push(format!("{id}: its lines cost {lines}, and its subtotal is {}", order.subtotal.amount));
    }
    let due = order.subtotal.amount - order.discount.amount + order.tax.amount + order.shipping.amount;
    if order.total.amount != due {
        found.push(format!("{id}: its sums come to {due}, and its total is {}", order.total.amount));
    }
    for payment in world.payments_of(id).filter(|payment| payment.amount != order.total) {
        let (asked, total) = (&payment.amount, &order.total);
        found.push(format!(
            "{id} costs {} {}, and {} asks for {} {}",
            total.amount, total.currency, payment.id, asked.amount, asked.currency
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, PAID};

    fn doctored(change: impl FnOnce(&mut Order)) -> Vec<String> {
        let (mut world, history) = stage::good();
        change(world.order_mut(PAID));
        check(&world, &history)
    }

    #[test]
    fn a_line_that_does_not_add_up_is_found() {
        let found = doctored(|order| order.items[0].line_total.amount += 1);
        assert!(found.iter().any(|what| what.contains("ord_paid: 2 of MUG cost 2598, not 2599")), "{found:?}");
    }

    #[test]
    fn sums_that_do_not_add_up_are_found() {
        stage::objects(&doctored(|order| order.tax.amount = 5), &["its sums come to 2603, and its total is 2598"]);
        let found = doctored(|order| order.subtotal.amount = 1);
        assert!(found.iter().any(|what| what.contains("its lines cost 2598, and its subtotal is 1")), "{found:?}");
    }

    #[test]
    fn a_total_that_nobody_expected_is_found() {
        let found = doctored(|order| {
            (order.tax.amount, order.total.amount) = (2, 2600);
        });
        assert!(found.iter().any(|what| what.contains("costs 2600, and its customer expected 2598")), "{found:?}");
    }

    #[test]
    fn a_payment_of_another_amount_is_found() {
        let (mut world, history) = stage::good();
        world.payment_mut("pay_paid").amount.amount = 2000;
        stage::objects(&check(&world, &history), &["ord_paid costs 2598 EUR, and pay_paid asks for 2000 EUR"]);
    }
}
