//! No money moves that our books do not know of.

use std::collections::BTreeSet;

use crate::history::History;
use crate::world::World;

pub(super) const SAYS: &str =
    "Every intent that moved money is an attempt of a payment, and every refund at the provider is one of ours.";

pub(super) fn check(world: &World, _: &History) -> Vec<String> {
    let mut found = Vec::new();
    for intent in world.intents.iter().filter(|intent| intent.moved_money()) {
        let order = intent.order_id.as_deref().unwrap_or("no order");
        let known = world.payments_of(order).any(|payment| {
            payment.attempts.iter().any(|attempt| attempt.intent.as_deref() == Some(intent.id.as_str()))
        });
        if !known {
            found.push(format!("{} moved money for {order}, and no payment of it knows that intent", intent.id));
        }
    }
    let ours: BTreeSet<&str> = world.refunds.iter().map(|refund| refund.id.as_str()).collect();
    for refund in &world.provider_refunds {
        let said = refund.metadata["refund_id"].as_str().unwrap_or("none");
        if !ours.contains(said) {
            found.push(format!(
                "the provider gave back {} by {} for our refund {said}, which we do not know",
                refund.amount, refund.id
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage;
    use serde_json::json;

    #[test]
    fn an_intent_that_no_attempt_names_is_found() {
        let (mut world, history) = stage::good();
        world.payment_mut("pay_paid").attempts[0].intent = Some("pi_other".into());
        stage::objects(&check(&world, &history), &["pi_paid moved money for ord_paid"]);
    }

    #[test]
    fn an_intent_of_an_order_that_does_not_exist_is_found() {
        let (mut world, history) = stage::good();
        world.intent_mut("pi_paid").order_id = None;
        stage::objects(&check(&world, &history), &["pi_paid moved money for no order"]);
    }

    #[test]
    fn an_intent_that_was_made_and_never_confirmed_is_nothing() {
        let (mut world, history) = stage::good();
        let intent = world.intent_mut("pi_paid");
        let unconfirmed = crate::world::Intent { id: "pi_spare".into(), charges: Vec::new(), ..intent.clone() };
        world.intents.push(unconfirmed);
        assert!(check(&world, &history).is_empty());
    }

    #[test]
    fn a_refund_that_we_do_not_know_is_found() {
        let (mut world, history) = stage::good();
        world.provider_refunds[0].metadata = json!({});
        stage::objects(&check(&world, &history), &["gave back 1000 by re_1 for our refund none"]);
    }
}
