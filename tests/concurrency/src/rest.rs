//! Waits until nothing moves any more. Whoever stopped everything at once would find half of it on its way; what may be on its
//! way is part of what is right, and only what is still there at rest is wrong.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::emulator::{Depth, depths};
use crate::run::Run;
use crate::world::{OrderStatus, PaymentStatus, RefundStatus, World};

/// Longer than a hold, a visibility timeout and some pauses after an outage, one after another.
pub const PATIENCE: Duration = Duration::from_secs(150);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two wakings of housekeeping, whose schedules are minutes.
const WAKING: Duration = Duration::from_secs(4);

/// How it ended.
#[derive(Debug)]
pub struct Rest {
    /// As it was read last.
    pub world: World,
    /// What did not come to rest; nothing if all did.
    pub restless: Vec<String>,
}

/// What still moves, a sentence each.
pub fn restless(world: &World, depths: &BTreeMap<String, Depth>) -> Vec<String> {
    let mut moving = Vec::new();
    for (queue, depth) in depths.iter().filter(|(_, depth)| !depth.is_empty()) {
        moving.push(format!("the queue {queue} holds {depth:?}"));
    }
    moving.extend(world.outboxes.iter().map(|event| format!("an outbox holds {event}")));
    for order in world.orders.iter().filter(|order| order.status == OrderStatus::Pending) {
        moving.push(format!("{} is pending, held until {}", order.id, order.hold_expires_at));
    }
    for payment in &world.payments {
        let order = world.order(&payment.order_id).map(|order| order.status);
        let waits_for_shipment =
            world.rules.captures_at_shipment && matches!(order, Some(OrderStatus::Confirmed | OrderStatus::Processing));
        let moves = match payment.status {
            PaymentStatus::Open | PaymentStatus::RequiresAction | PaymentStatus::Cancelling => true,
            PaymentStatus::Authorized => !waits_for_shipment,
            // It waits for another card, as long as its order does.
            PaymentStatus::Failed => order == Some(OrderStatus::Cancelled),
            _ => false,
        };
        if moves {
            moving.push(format!("{} is {:?}, and its order {order:?}", payment.id, payment.status));
        }
    }
    for refund in world.refunds.iter().filter(|refund| refund.status == RefundStatus::Pending) {
        moving.push(format!("{} of {} is pending", refund.id, refund.payment_id));
    }
    moving
}

impl Run {
    /// Waits for rest, and wakes housekeeping meanwhile as its schedules would. Two quiet looks in a row are rest: between two
    /// readings of one, something could have slipped from a place not yet read to one already read.
    pub async fn comes_to_rest(&self, patience: Duration) -> Rest {
        let begun = Instant::now();
        let (mut quiet, mut woken) = (0, None::<Instant>);
        loop {
            let depths = depths(&self.emulator, &self.site.stack.queues).await;
            let in_time = begun.elapsed() < patience;
            if depths.values().all(|depth| depth.is_empty()) || !in_time {
                let world = self.reads_world().await;
                let restless = restless(&world, &depths);
                quiet = if restless.is_empty() { quiet + 1 } else { 0 };
                if quiet == 2 || !in_time {
                    self.recorder.notes(format!("rest after {:.1} s: {restless:?}", begun.elapsed().as_secs_f32()));
                    return Rest { world, restless };
                }
            } else {
                quiet = 0;
            }
            if quiet == 0 && woken.is_none_or(|woken| woken.elapsed() > WAKING) {
                self.wakes_housekeeping().await;
                woken = Some(Instant::now());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// All of housekeeping's tasks, now and not when their time comes.
    pub async fn wakes_housekeeping(&self) {
        for task in ["republish-outbox", "expire-holds", "reconcile-payments"] {
            self.wakes(task).await;
        }
    }

    /// One of them. It may fail, or die of an order that was meant for somebody else; it will be woken again.
    pub async fn wakes(&self, task: &str) {
        let function = self.site.stack.functions.get("housekeeping");
        let function = function.unwrap_or_else(|| panic!("stack.json names no function housekeeping"));
        let request = self.emulator.lambda(Method::POST, &format!("/functions/{function}/invocations"));
        let request = request.header("content-type", "application/json").body(json!({ "task": task }).to_string());
        let report = match request.send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        self.recorder.notes(format!("housekeeping {task}: {report}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage;

    fn quiet() -> BTreeMap<String, Depth> {
        BTreeMap::from([("orders".to_owned(), Depth::default())])
    }

    #[test]
    fn a_good_world_is_at_rest() {
        assert_eq!(restless(&stage::good().0, &quiet()), Vec::<String>::new());
    }

    #[test]
    fn whatever_a_queue_holds_is_no_rest() {
        let (world, _) = stage::good();
        for depth in [
            Depth { visible: 1, ..Depth::default() },
            Depth { in_flight: 1, ..Depth::default() },
            Depth { delayed: 1, ..Depth::default() },
        ] {
            let depths = BTreeMap::from([("orders".to_owned(), depth)]);
            stage::objects(&restless(&world, &depths), &["the queue orders holds"]);
        }
    }

    #[test]
    fn what_has_a_next_step_is_no_rest() {
        let (mut world, _) = stage::good();
        world.order_mut(stage::GONE).status = OrderStatus::Pending;
        stage::objects(&restless(&world, &quiet()), &["ord_gone is pending, held until 2026"]);
        for status in
            [PaymentStatus::Open, PaymentStatus::RequiresAction, PaymentStatus::Cancelling, PaymentStatus::Failed]
        {
            let (mut world, _) = stage::good();
            world.payment_mut("pay_gone").status = status;
            stage::objects(&restless(&world, &quiet()), &["pay_gone is"]);
        }
        let (mut world, _) = stage::good();
        world.refunds[0].status = RefundStatus::Pending;
        stage::objects(&restless(&world, &quiet()), &["rfd_1 of pay_paid is pending"]);
        let (mut world, _) = stage::good();
        world.outboxes.push("orders: {}".into());
        stage::objects(&restless(&world, &quiet()), &["an outbox holds orders: {}"]);
    }

    #[test]
    fn reserved_money_waits_for_shipment_where_that_is_the_rule() {
        let (mut world, _) = stage::good();
        world.payment_mut("pay_paid").status = PaymentStatus::Authorized;
        stage::objects(&restless(&world, &quiet()), &["pay_paid is Authorized"]);
        world.rules.captures_at_shipment = true;
        assert!(restless(&world, &quiet()).is_empty());
    }
}
