//! The provider's books are the judge of money: what they say was taken and given back is what our rows say.

use crate::history::History;
use crate::world::{OrderStatus, Payment, PaymentStatus, World};

pub(super) const SAYS: &str =
    "For every payment the provider took, holds and gave back what our row says, and nothing is left hanging.";

pub(super) fn check(world: &World, _: &History) -> Vec<String> {
    world.payments.iter().flat_map(|payment| of_payment(world, payment)).collect()
}

fn of_payment(world: &World, payment: &Payment) -> Vec<String> {
    let mut found = Vec::new();
    let id = &payment.id;
    let taken: i64 = world.intents_of(&payment.order_id).map(|intent| intent.captured()).sum();
    let given: i64 = world.intents_of(&payment.order_id).map(|intent| intent.refunded()).sum();
    if (payment.captured, payment.refunded) != (taken, given) {
        found.push(format!(
            "{id} says that {} was taken and {} given back, the provider took {taken} and gave back {given}",
            payment.captured, payment.refunded
        ));
    }
    let waits_for_shipment = world.rules.captures_at_shipment
        && payment.status == PaymentStatus::Authorized
        && world
            .order(&payment.order_id)
            .is_some_and(|order| matches!(order.status, OrderStatus::Confirmed | OrderStatus::Processing));
    for intent in world.intents_of(&payment.order_id).filter(|intent| intent.holds_money() && !waits_for_shipment) {
        found.push(format!("the provider holds money for {id} by {}, and nobody takes it or lets it go", intent.id));
    }
    let whole = payment.amount.amount;
    let as_it_should_be = match payment.status {
        PaymentStatus::Captured => payment.captured == whole && payment.refunded == 0,
        PaymentStatus::PartiallyRefunded => payment.captured == whole && (1..whole).contains(&payment.refunded),
        PaymentStatus::Refunded => payment.captured == whole && payment.refunded == whole,
        _ => payment.captured == 0 && payment.refunded == 0,
    };
    if !as_it_should_be {
        let (status, captured, refunded) = (payment.status, payment.captured, payment.refunded);
        found.push(format!("{id} of {whole} is {status:?} with {captured} taken and {refunded} given back"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage;

    #[test]
    fn money_that_was_taken_and_not_written_down_is_found() {
        let (mut world, history) = stage::good();
        let payment = world.payment_mut("pay_paid");
        (payment.captured, payment.refunded, payment.status) = (0, 0, PaymentStatus::Cancelled);
        stage::objects(&check(&world, &history), &["pay_paid says that 0 was taken", "the provider took 2598"]);
    }

    #[test]
    fn money_that_was_written_down_and_not_taken_is_found() {
        let (mut world, history) = stage::good();
        world.intent_mut("pi_paid").charges[0].captured = 0;
        stage::objects(&check(&world, &history), &["pay_paid says that 2598 was taken", "the provider took 0"]);
    }

    #[test]
    fn money_that_was_given_back_and_not_written_down_is_found() {
        let (mut world, history) = stage::good();
        world.intent_mut("pi_paid").charges[0].refunded = 2000;
        stage::objects(&check(&world, &history), &["1000 given back", "gave back 2000"]);
    }

    #[test]
    fn money_that_stays_reserved_is_found() {
        let (mut world, history) = stage::good();
        world.intent_mut("pi_gone").charges[0].state = "authorised".into();
        stage::objects(&check(&world, &history), &["the provider holds money for pay_gone by pi_gone"]);
    }

    #[test]
    fn a_status_that_does_not_fit_its_sums_is_found() {
        let (mut world, history) = stage::good();
        world.payment_mut("pay_paid").status = PaymentStatus::Refunded;
        stage::objects(&check(&world, &history), &["pay_paid of 2598 is Refunded with 2598 taken and 1000 given back"]);
    }
}
