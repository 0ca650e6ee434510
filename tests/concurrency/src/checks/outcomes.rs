//! An order lives on a hold or has an outcome, and its payment agrees with it.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::history::History;
use crate::site::Rules;
use crate::world::{Order, OrderStatus, PaidStatus, Payment, PaymentStatus, World};

pub(super) const SAYS: &str =
    "Every order has exactly one payment and either a live hold or an outcome that both agree on.";

pub(super) fn check(world: &World, _: &History) -> Vec<String> {
    let mut found = Vec::new();
    for order in &world.orders {
        let payments: Vec<&Payment> = world.payments_of(&order.id).collect();
        match payments.as_slice() {
            [payment] if payment.id == order.payment_id => {
                if let Some(what) = disagreement(world, order, payment) {
                    found.push(format!("{}: {what}", order.id));
                }
            }
            other => {
                let ids: Vec<&str> = other.iter().map(|payment| payment.id.as_str()).collect();
                found.push(format!("{} names the payment {}, and has {ids:?}", order.id, order.payment_id));
            }
        }
        if order.in_hold_index != (order.status == OrderStatus::Pending) {
            let there = if order.in_hold_index { "among" } else { "not among" };
            found.push(format!("{} is {:?} and {there} the live holds", order.id, order.status));
        }
    }
    for payment in world.payments.iter().filter(|payment| world.order(&payment.order_id).is_none()) {
        found.push(format!("{} pays for {}, which does not exist", payment.id, payment.order_id));
    }
    found
}

fn disagreement(world: &World, order: &Order, payment: &Payment) -> Option<String> {
    if order.status == OrderStatus::Pending {
        let ends = OffsetDateTime::parse(&order.hold_expires_at, &Rfc3339).ok()?.unix_timestamp() * 1000;
        return (ends <= world.read_at_ms)
            .then(|| format!("it is pending, and its hold ended at {} without an outcome", order.hold_expires_at));
    }
    let seen = (order.payment_status, payment.status);
    (!legal(order.status, seen, world.rules)).then(|| {
        format!("it is {:?}, its payment is {:?}, and it believes that to be {:?}", order.status, seen.1, seen.0)
    })
}

/// The combinations that may be at rest.
fn legal(order: OrderStatus, (believed, payment): (PaidStatus, PaymentStatus), rules: Rules) -> bool {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Returned, Shipped};
    let taken = matches!(
        (believed, payment),
        (PaidStatus::Paid, PaymentStatus::Captured)
            | (PaidStatus::PartiallyRefunded, PaymentStatus::PartiallyRefunded)
            | (PaidStatus::Refunded, PaymentStatus::Refunded)
    );
    let reserved = (believed, payment) == (PaidStatus::Authorized, PaymentStatus::Authorized);
    let never_taken = (believed, payment) == (PaidStatus::Voided, PaymentStatus::Cancelled);
    let given_back = (believed, payment) == (PaidStatus::Refunded, PaymentStatus::Refunded);
    match order {
        Confirmed | Processing => taken || (rules.captures_at_shipment && reserved),
        Shipped | Delivered | Returned => taken,
        Cancelled => never_taken || given_back,
        Pending => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, GONE, PAID};

    #[test]
    fn an_order_without_a_payment_or_with_two_is_found() {
        let (mut world, history) = stage::good();
        let mut second = world.payment_mut("pay_paid").clone();
        second.id = "pay_second".into();
        world.payments.push(second);
        stage::objects(&check(&world, &history), &["ord_paid names the payment pay_paid", "pay_second"]);
        world.payments.retain(|payment| payment.order_id != PAID);
        stage::objects(&check(&world, &history), &["ord_paid names the payment pay_paid, and has []"]);
    }

    #[test]
    fn a_payment_without_an_order_is_found() {
        let (mut world, history) = stage::good();
        world.orders.retain(|order| order.id != PAID);
        stage::objects(&check(&world, &history), &["pay_paid pays for ord_paid, which does not exist"]);
    }

    #[test]
    fn a_cancelled_order_whose_money_was_taken_is_found() {
        let (mut world, history) = stage::good();
        world.payment_mut("pay_gone").status = PaymentStatus::Captured;
        stage::objects(&check(&world, &history), &["ord_gone: it is Cancelled, its payment is Captured"]);
    }

    #[test]
    fn a_confirmed_order_whose_money_was_let_go_is_found() {
        let (mut world, history) = stage::good();
        world.payment_mut("pay_paid").status = PaymentStatus::Cancelled;
        stage::objects(&check(&world, &history), &["ord_paid: it is Confirmed, its payment is Cancelled"]);
    }

    #[test]
    fn an_order_that_believes_something_else_is_found() {
        let (mut world, history) = stage::good();
        world.order_mut(PAID).payment_status = PaidStatus::Authorized;
        stage::objects(&check(&world, &history), &["it believes that to be Authorized"]);
    }

    #[test]
    fn money_may_stay_reserved_until_shipment_where_that_is_the_rule() {
        let (mut world, history) = stage::good();
        world.order_mut(PAID).payment_status = PaidStatus::Authorized;
        world.payment_mut("pay_paid").status = PaymentStatus::Authorized;
        stage::objects(&check(&world, &history), &["ord_paid"]);
        world.rules.captures_at_shipment = true;
        assert!(check(&world, &history).is_empty());
        world.order_mut(PAID).status = OrderStatus::Shipped;
        stage::objects(&check(&world, &history), &["it is Shipped"]);
    }

    #[test]
    fn a_hold_that_outlived_its_end_is_found() {
        let (mut world, history) = stage::good();
        let order = world.order_mut(GONE);
        (order.status, order.in_hold_index) = (OrderStatus::Pending, true);
        stage::objects(&check(&world, &history), &["it is pending, and its hold ended at 2026-01-01T00:00:20"]);
        world.order_mut(GONE).hold_expires_at = "2036-01-01T00:00:20.000Z".into();
        assert!(check(&world, &history).is_empty(), "a live hold is an outcome to come");
    }

    #[test]
    fn the_index_of_holds_has_the_pending_orders_and_no_others() {
        let (mut world, history) = stage::good();
        world.order_mut(PAID).in_hold_index = true;
        stage::objects(&check(&world, &history), &["ord_paid is Confirmed and among the live holds"]);
        let order = world.order_mut(PAID);
        (order.status, order.in_hold_index) = (OrderStatus::Pending, false);
        order.hold_expires_at = "2036-01-01T00:00:20.000Z".into();
        stage::objects(&check(&world, &history), &["ord_paid is Pending and not among the live holds"]);
    }
}
