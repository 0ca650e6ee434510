//! Effects that must not be repeated happen once: charges, captures and mails.

use crate::history::History;
use crate::observed::{ObservedState, Order};

pub(super) const INVARIANT: &str =
    "An order never has two authorisations at the same time, is captured at most once, and no mail is sent twice.";

/// Parts of a mail's subject, and the event that the mail is about.
const MAILS: [(&str, &str); 4] = [
    ("confirmed and paid", "payment.completed"),
    ("did not go through", "payment.failed"),
    ("is cancelled", "order.cancelled"),
    ("refund", "payment.refunded"),
];

/// The statuses of messages without a mail.
const NOT_SENT: [&str; 2] = ["failed", "suppressed"];

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    state.orders.iter().flat_map(|order| [charges(state, order), mails(state, order)].concat()).collect()
}

fn charges(state: &ObservedState, order: &Order) -> Vec<String> {
    let mut events: Vec<(u64, &str, &str)> = state
        .intents_of(&order.id)
        .flat_map(|intent| intent.history.iter().map(|line| (line.at_ms, line.what.as_str(), intent.id.as_str())))
        .collect();
    // Within one millisecond, a void comes first: an authorisation after it is no second charge.
    events.sort_by_key(|(at, what, _)| (*at, *what != "voided"));
    let (mut authorised, mut findings) = (Vec::new(), Vec::new());
    for (_, what, intent) in &events {
        match *what {
            "authorised" => {
                authorised.push(*intent);
                if authorised.len() > 1 {
                    findings.push(format!("{} was charged by {} at the same time", order.id, authorised.join(" and ")));
                }
            }
            "voided" => authorised.retain(|there| there != intent),
            _ => {}
        }
    }
    let captures = events.iter().filter(|(_, what, _)| *what == "captured").count();
    if captures > 1 {
        findings.push(format!("{} was captured {captures} times", order.id));
    }
    findings
}

fn mails(state: &ObservedState, order: &Order) -> Vec<String> {
    let about = |subject: &str| subject.contains(&order.number);
    let event_of = |subject: &str| MAILS.iter().find(|(words, _)| subject.contains(words)).map(|(_, event)| *event);
    let mut findings = Vec::new();
    for (_, event) in MAILS {
        let sent =
            state.mails.iter().filter(|mail| about(&mail.subject) && event_of(&mail.subject) == Some(event)).count();
        let notifications = || state.notifications_of(order).filter(|notification| notification.event_type == event);
        // A mail of status `unknown` may have been sent. A mail of status `failed` or `suppressed` was not.
        let (min, max) = (
            notifications().filter(|notification| notification.status == "sent").count(),
            notifications().filter(|notification| !NOT_SENT.contains(&notification.status.as_str())).count(),
        );
        if !(min..=max).contains(&sent) {
            findings
                .push(format!("{}: {sent} mails about {event}, where {min} to {max} should have been sent", order.id));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, PAID};
    use crate::observed::IntentEvent;

    /// `pi_paid` was authorised in second 2 and captured in second 3.
    fn event(second: u64, what: &str) -> IntentEvent {
        IntentEvent { at_ms: fixture::NEW_YEAR_MS + second * 1000, what: what.into() }
    }

    #[test]
    fn two_authorisations_at_the_same_time_are_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let mut second = state.intent_mut("pi_paid").clone();
        second.id = "pi_second".into();
        second.history = vec![event(4, "authorised"), event(9, "voided")];
        state.intents.push(second);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid was charged by pi_paid and pi_second at the same time"],
        );
    }

    #[test]
    fn authorisation_after_a_void_is_no_violation() {
        let (mut state, history) = fixture::valid_run();
        let mut first = state.intent_mut("pi_paid").clone();
        first.id = "pi_first".into();
        first.history = vec![event(1, "authorised"), event(2, "voided")];
        state.intents.push(first);
        assert!(check(&state, &history).is_empty(), "{:?}", check(&state, &history));
    }

    #[test]
    fn second_capture_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.intent_mut("pi_paid").history.push(event(9, "captured"));
        fixture::assert_one_finding(&check(&state, &history), &["ord_paid was captured 2 times"]);
    }

    #[test]
    fn repeated_mail_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let number = state.order_mut(PAID).number.clone();
        let twice = state.mails.iter().find(|mail| mail.subject.contains(&number)).cloned();
        state.mails.extend(twice);
        fixture::assert_one_finding(
            &check(&state, &history),
            &["ord_paid: 2 mails about payment.completed, where 1 to 1"],
        );
    }

    #[test]
    fn missing_mail_of_a_sent_notification_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.mails.retain(|mail| !mail.subject.contains("refund"));
        fixture::assert_one_finding(&check(&state, &history), &["0 mails about payment.refunded, where 1 to 1"]);
        state.notifications.iter_mut().for_each(|notification| notification.status = "unknown".into());
        assert!(check(&state, &history).is_empty(), "a mail of unknown status may or may not have been sent");
    }
}
