//! What must not happen twice happens once: a card is charged once for an order, and nobody gets the same mail twice.

use crate::history::History;
use crate::world::{Order, World};

pub(super) const SAYS: &str =
    "At no moment is an order charged twice, its money is taken once at most, and no mail is sent twice.";

/// Words of a mail's subject, and the event that it tells of.
const MAILS: [(&str, &str); 4] = [
    ("confirmed and paid", "payment.completed"),
    ("did not go through", "payment.failed"),
    ("is cancelled", "order.cancelled"),
    ("refund", "payment.refunded"),
];

pub(super) fn check(world: &World, _: &History) -> Vec<String> {
    world.orders.iter().flat_map(|order| [charges(world, order), mails(world, order)].concat()).collect()
}

fn charges(world: &World, order: &Order) -> Vec<String> {
    let mut moments: Vec<(u64, &str, &str)> = world
        .intents_of(&order.id)
        .flat_map(|intent| intent.history.iter().map(|line| (line.at_ms, line.what.as_str(), intent.id.as_str())))
        .collect();
    // Within a millisecond, letting go comes first: what follows it is no second charge.
    moments.sort_by_key(|(at, what, _)| (*at, *what != "voided"));
    let (mut live, mut found) = (Vec::new(), Vec::new());
    for (_, what, intent) in &moments {
        match *what {
            "authorised" => {
                live.push(*intent);
                if live.len() > 1 {
                    found.push(format!("{} was charged by {} at the same time", order.id, live.join(" and ")));
                }
            }
            "voided" => live.retain(|there| there != intent),
            _ => {}
        }
    }
    let taken = moments.iter().filter(|(_, what, _)| *what == "captured").count();
    if taken > 1 {
        found.push(format!("the money of {} was taken {taken} times", order.id));
    }
    found
}

fn mails(world: &World, order: &Order) -> Vec<String> {
    let about = |subject: &str| subject.contains(&order.number);
    let event_of = |subject: &str| MAILS.iter().find(|(words, _)| subject.contains(words)).map(|(_, event)| *event);
    let mut found = Vec::new();
    for (_, event) in MAILS {
        let sent =
            world.mails.iter().filter(|mail| about(&mail.subject) && event_of(&mail.subject) == Some(event)).count();
        let notices = || world.notices_of(order).filter(|notice| notice.event_type == event);
        // A row of which nobody knows whether it was sent may have been; one that was refused was not.
        let (surely, perhaps) = (
            notices().filter(|notice| notice.status == "sent").count(),
            notices().filter(|notice| notice.status != "failed").count(),
        );
        if !(surely..=perhaps).contains(&sent) {
            found.push(format!(
                "{}: {sent} mails about {event}, where {surely} to {perhaps} should have been sent",
                order.id
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{self, PAID};
    use crate::world::Happening;

    /// `pi_paid` was authorised in second 2 and captured in second 3.
    fn happening(second: u64, what: &str) -> Happening {
        Happening { at_ms: stage::NEW_YEAR_MS + second * 1000, what: what.into() }
    }

    #[test]
    fn two_charges_at_one_time_are_found() {
        let (mut world, history) = stage::good();
        let mut second = world.intent_mut("pi_paid").clone();
        second.id = "pi_second".into();
        second.history = vec![happening(4, "authorised"), happening(9, "voided")];
        world.intents.push(second);
        stage::objects(&check(&world, &history), &["ord_paid was charged by pi_paid and pi_second at the same time"]);
    }

    #[test]
    fn one_charge_after_another_was_let_go_is_right() {
        let (mut world, history) = stage::good();
        let mut first = world.intent_mut("pi_paid").clone();
        first.id = "pi_first".into();
        first.history = vec![happening(1, "authorised"), happening(2, "voided")];
        world.intents.push(first);
        assert!(check(&world, &history).is_empty(), "{:?}", check(&world, &history));
    }

    #[test]
    fn money_that_was_taken_twice_is_found() {
        let (mut world, history) = stage::good();
        world.intent_mut("pi_paid").history.push(happening(9, "captured"));
        stage::objects(&check(&world, &history), &["the money of ord_paid was taken 2 times"]);
    }

    #[test]
    fn a_mail_that_was_sent_twice_is_found() {
        let (mut world, history) = stage::good();
        let number = world.order_mut(PAID).number.clone();
        let twice = world.mails.iter().find(|mail| mail.subject.contains(&number)).cloned();
        world.mails.extend(twice);
        stage::objects(&check(&world, &history), &["ord_paid: 2 mails about payment.completed, where 1 to 1"]);
    }

    #[test]
    fn a_mail_that_is_said_to_be_sent_was_sent() {
        let (mut world, history) = stage::good();
        world.mails.retain(|mail| !mail.subject.contains("refund"));
        stage::objects(&check(&world, &history), &["0 mails about payment.refunded, where 1 to 1"]);
        world.notices.iter_mut().for_each(|notice| notice.status = "unknown".into());
        assert!(check(&world, &history).is_empty(), "of an unknown one nobody can say");
    }
}
