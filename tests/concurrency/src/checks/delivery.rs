//! Nothing that happened stays untold: every event reached every listener, and each of them did what it had to.

use crate::history::History;
use crate::world::{Order, OrderStatus, RefundStatus, World};

pub(super) const SAYS: &str =
    "Outboxes and dead-letter queues are empty, no order waits, and everybody was told of everything once.";

pub(super) fn check(world: &World, _: &History) -> Vec<String> {
    let mut found: Vec<String> =
        world.outboxes.iter().map(|event| format!("this event was never published: {event}")).collect();
    for (queue, (count, some)) in &world.dead_letters {
        found.push(format!("{count} messages were given up in the dead-letter queue {queue}, such as {some:?}"));
    }
    for order in world.orders.iter().filter(|order| order.status == OrderStatus::Pending) {
        found.push(format!("{} is still pending: something that should have moved it did not", order.id));
    }
    found.extend(world.orders.iter().flat_map(|order| untold(world, order)));
    found
}

/// The notifications table shows what reached the notifier: a row for each event that somebody is written about.
fn untold(world: &World, order: &Order) -> Vec<String> {
    let told = |event: &str| world.notices_of(order).filter(|notice| notice.event_type == event).count();
    let taken = world.payments_of(&order.id).filter(|payment| payment.captured > 0).count();
    // An order that ended while its money was being taken is told of its end and of its refund, and never of having been paid.
    let was_paid = order.steps.iter().any(|step| step.row["paymentStatus"] == "paid");
    let unannounced = order.status == OrderStatus::Cancelled && !was_paid;
    let ours = |payment: &str| world.payments_of(&order.id).any(|there| there.id == payment);
    let given =
        world.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded && ours(&refund.payment_id));
    let due = [
        ("payment.completed", taken),
        ("payment.refunded", given.count()),
        ("order.cancelled", usize::from(order.status == OrderStatus::Cancelled)),
    ];
    let fits = |event: &str, due| match event {
        "payment.completed" if unannounced => told(event) <= due,
        _ => told(event) == due,
    };
    let wrong = due.into_iter().filter(|(event, due)| !fits(event, *due));
    wrong
        .map(|(event, due)| format!("{}: {event} should be told {due} times, and was {}", order.id, told(event)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, GONE};

    #[test]
    fn an_event_that_lies_in_its_outbox_is_found() {
        let (mut world, history) = stage::good();
        world.outboxes.push("orders: {\"eventType\":\"order.created\"}".into());
        stage::objects(&check(&world, &history), &["this event was never published: orders: "]);
    }

    #[test]
    fn dead_letters_are_found() {
        let (mut world, history) = stage::good();
        world.dead_letters.insert("payments".into(), (2, vec!["poison".into()]));
        stage::objects(&check(&world, &history), &["2 messages were given up in the dead-letter queue payments"]);
    }

    #[test]
    fn an_order_that_waits_for_ever_is_found() {
        let (mut world, history) = stage::good();
        world.order_mut(GONE).status = OrderStatus::Pending;
        let found = check(&world, &history);
        assert!(found.iter().any(|what| what.contains("ord_gone is still pending")), "{found:?}");
    }

    #[test]
    fn whoever_was_not_told_or_twice_is_found() {
        for event in ["payment.completed", "payment.refunded", "order.cancelled"] {
            let (mut world, history) = stage::good();
            let notice = world.notices.iter().find(|notice| notice.event_type == event).cloned();
            world.notices.retain(|notice| notice.event_type != event);
            stage::objects(&check(&world, &history), &[event, "should be told 1 times, and was 0"]);
            world.notices.extend([notice.clone(), notice].into_iter().flatten());
            stage::objects(&check(&world, &history), &[event, "should be told 1 times, and was 2"]);
        }
    }
}
