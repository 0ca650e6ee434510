//! What was promised is kept, whatever crashed afterwards.

use std::collections::BTreeSet;

use crate::deed::{Deed, Operation};
use crate::history::{History, Verdict};
use crate::world::{OrderStatus, World};

pub(super) const SAYS: &str =
    "A cancelled order stays cancelled, and every refund that was promised is there, one for each key.";

pub(super) fn check(world: &World, history: &History) -> Vec<String> {
    let operations = history.operations();
    let done = operations.iter().filter(|operation| operation.verdict() == Verdict::Done);
    done.flat_map(|operation| match &operation.deed {
        Deed::Cancel { order } => cancelled(world, operation, order).into_iter().collect(),
        Deed::Refund { payment } => refunded(world, operation, payment),
        _ => Vec::new(),
    })
    .collect()
}

fn cancelled(world: &World, operation: &Operation<'_>, id: &str) -> Option<String> {
    let order = world.order(id).filter(|order| order.status != OrderStatus::Cancelled)?;
    Some(format!("{id} ({}) was promised to be cancelled, and is {:?}", operation.place(), order.status))
}

fn refunded(world: &World, operation: &Operation<'_>, payment: &str) -> Vec<String> {
    let mut found = Vec::new();
    let promised: BTreeSet<&str> = operation.good().filter_map(|call| call.answer["id"].as_str()).collect();
    if promised.len() > 1 {
        found.push(format!("one key ({}) was promised the refunds {promised:?}", operation.place()));
    }
    for call in operation.good() {
        let id = call.answer["id"].as_str().unwrap_or_default();
        let amount = call.answer["amount"]["amount"].as_i64();
        let kept = world.refunds.iter().find(|refund| refund.id == id && refund.payment_id == payment);
        match kept {
            None => found.push(format!("#{} was promised the refund {id:?} of {payment}, and there is none", call.seq)),
            Some(kept) if Some(kept.amount) != amount => {
                found.push(format!("#{} was promised {amount:?} back by {id}, which is of {}", call.seq, kept.amount));
            }
            Some(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Entry;
    use crate::stage::{self, PAID};
    use serde_json::{Value, json};

    #[test]
    fn an_order_that_was_promised_to_be_cancelled_and_lives_is_found() {
        let (world, mut history) = stage::good();
        let path = format!("/api/v1/orders/{PAID}/cancel");
        let call = Entry::new("ada", Some("usr_ada"), "POST", &path, Value::Null, None);
        history.calls.push(Entry { seq: 99, status: Some(200), ended_us: Some(1), ..call });
        stage::objects(&check(&world, &history), &["ord_paid (#99) was promised to be cancelled, and is Confirmed"]);
    }

    #[test]
    fn a_refund_that_was_promised_and_is_not_there_is_found() {
        let (mut world, history) = stage::good();
        world.refunds.clear();
        stage::objects(&check(&world, &history), &["was promised the refund \"rfd_1\" of pay_paid, and there is none"]);
    }

    #[test]
    fn a_refund_of_another_amount_is_found() {
        let (mut world, history) = stage::good();
        world.refunds[0].amount = 7;
        stage::objects(&check(&world, &history), &["was promised Some(1000) back by rfd_1, which is of 7"]);
    }

    #[test]
    fn two_refunds_of_one_key_are_found() {
        let (mut world, mut history) = stage::good();
        let mut second = world.refunds[0].clone();
        second.id = "rfd_2".into();
        world.refunds.push(second);
        stage::answer_again(&mut history, "key-refund", json!({ "id": "rfd_2", "amount": { "amount": 1000 } }));
        stage::objects(&check(&world, &history), &["one key", "was promised the refunds", "rfd_2"]);
    }
}
