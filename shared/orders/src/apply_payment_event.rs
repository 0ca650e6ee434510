//! Apply a payment event of the release before to its order. There, the order was written after its payment, when the event had
//! arrived. The event is a hint: the row of the payment decides.

use aws_kit::{Changes, ConditionFailures, Decision, fault, report_forged_event};
use events::{Envelope, Event};
use payments::Payment;
use tracing::info;
use values::{OrderId, PaymentId, Result, Timestamp, Trace};

use crate::order::Order;
use crate::service::OrderService;
use crate::status::{PaymentStatus, Status};

/// What a payment event means for its order.
#[derive(Debug, PartialEq)]
enum Effect {
    /// The order after it, and the event that this causes.
    Changed(Box<Order>, Option<Event>),
    /// The order knows it already, or will learn more from a later event.
    Nothing,
    /// The rows contradict it, so the payments context did not make it.
    Forged(&'static str),
}

impl OrderService {
    /// Applies the present state of a payment to its order, once, after an event about it. An event that is older than what
    /// was applied changes nothing. An event that the rows contradict is refused and reported as forged. After a decline the
    /// hold lasts `declined_hold_seconds` at most, and the counters of the order count it if it was the bank's. 2 reads and 1
    /// transaction, and 1 read more after a decline; 1 read when the event is old.
    pub async fn apply_payment_event(
        &self,
        (order, payment): (OrderId, PaymentId),
        envelope: &Envelope,
        declined_hold_seconds: i64,
        trace: &Trace,
    ) -> Result<()> {
        let decide = |_: Option<ConditionFailures>| async move {
            // The order and its payment are created in one transaction.
            let Some(before) = self.orders.read(order).await? else {
                report_forged_event(envelope, "the order does not exist");
                return Ok(Decision::Unchanged(()));
            };
            if is_old(&before, envelope) {
                info!(order.id = %order, "payment event changes nothing");
                return Ok(Decision::Unchanged(()));
            }
            let row = self.payments.read(payment).await?;
            match apply(&before, row.as_ref(), envelope, self.orders.clock.now())? {
                Effect::Changed(next, event) => {
                    let by_bank = row.is_some_and(|payment| payment.was_declined_by_bank());
                    let (_, writes) = self.put_followed(*next, by_bank, event, declined_hold_seconds, trace).await?;
                    Ok(Changes::new(writes, ()).into())
                }
                Effect::Nothing => {
                    info!(order.id = %order, "payment event changes nothing");
                    Ok(Decision::Unchanged(()))
                }
                Effect::Forged(reason) => {
                    report_forged_event(envelope, reason);
                    Ok(Decision::Unchanged(()))
                }
            }
        };
        self.orders.transition_write().run(decide).await
    }
}

/// Queues reorder messages. The sequence is the version of the payment, and the order remembers the version that it has
/// applied, so an event that arrives late or again is recognised without reading the payment.
fn is_old(before: &Order, envelope: &Envelope) -> bool {
    envelope.sequence <= before.payment_sequence && !fault::mutant("sequence_ignored")
}

/// What a payment event means for its order, by the row of the payment, which is read after the order and strongly
/// consistent.
///
/// A row that is ahead of its event is applied as it is, and its own events change nothing later. A row that is behind its
/// event, or that had another status at this version, shows that the event is forged. `payment.requires_action` is ignored:
/// the order stays as it is, and the next event has a higher sequence.
fn apply(before: &Order, row: Option<&Payment>, envelope: &Envelope, now: Timestamp) -> Result<Effect> {
    let Some(claimed) = claimed_status(&envelope.event) else { return Ok(Effect::Nothing) };
    let Some(payment) = row else { return Ok(Effect::Forged("the payment does not exist")) };
    if payment.id != before.payment_id || payment.order_id != before.id {
        return Ok(Effect::Forged("the payment belongs to another order"));
    }
    if payment.version < envelope.sequence {
        return Ok(Effect::Forged("the payment has not reached this version"));
    }
    let actual = PaymentStatus::of(payment.status);
    if payment.version == envelope.sequence && actual != Some(claimed) {
        return Ok(Effect::Forged("the payment has another status at this version"));
    }
    let actual = if fault::mutant("sequence_ignored") { Some(claimed) } else { actual };
    let Some(payment_status) = actual else { return Ok(Effect::Nothing) };
    let next = before.follow(payment_status, payment.version, now)?;
    let confirms = before.status == Status::Pending && next.status == Status::Confirmed;
    let event = confirms.then(|| Event::OrderConfirmed(next.confirmed_event()));
    Ok(Effect::Changed(Box::new(next), event))
}

/// The status that an event claims; none for an event that orders do not follow.
fn claimed_status(event: &Event) -> Option<PaymentStatus> {
    Some(match event {
        Event::PaymentAuthorized(_) => PaymentStatus::Authorized,
        Event::PaymentCompleted(_) => PaymentStatus::Paid,
        Event::PaymentFailed(_) => PaymentStatus::Failed,
        Event::PaymentCancelled(_) => PaymentStatus::Voided,
        Event::PaymentRefunded(refund) if refund.refunded.amount >= refund.captured.amount => PaymentStatus::Refunded,
        Event::PaymentRefunded(_) => PaymentStatus::PartiallyRefunded,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::{order, payment as row};
    use events::{PaymentChanged, PaymentNeedsAction, PaymentRefunded};
    use payments::Status as RowStatus;
    use proptest::prelude::*;
    use values::{Actor, Clock, Money};

    fn envelope(sequence: u64, event: Event) -> Envelope {
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        Envelope::new(&Clock::fixed(order().created_at), &trace, order().payment_id, sequence, event)
    }

    fn payment_done() -> PaymentChanged {
        let Order { id, number, buyer, payment_id, total, .. } = order();
        PaymentChanged {
            payment_id,
            order_id: id,
            order_number: number,
            recipient: buyer,
            amount: total,
            lines: vec![],
            order_changed: false,
        }
    }

    fn refunded_event(part: i64) -> Event {
        let Order { id, number, buyer, payment_id, total, .. } = order();
        let part = Money::new(part, total.currency);
        Event::PaymentRefunded(PaymentRefunded {
            refund_id: Clock::System.mint(),
            payment_id,
            order_id: id,
            order_number: number,
            recipient: buyer,
            amount: part,
            refunded: part,
            captured: total,
            order_changed: false,
        })
    }

    /// The rows of a payment's life and their events: authorised, captured, a refund requested, made, the same again.
    fn payment_life() -> [(Payment, Option<Event>, PaymentStatus); 6] {
        [
            (row(3, RowStatus::Authorized), Some(Event::PaymentAuthorized(payment_done())), PaymentStatus::Authorized),
            (row(4, RowStatus::Captured), Some(Event::PaymentCompleted(payment_done())), PaymentStatus::Paid),
            (row(5, RowStatus::Captured), None, PaymentStatus::Paid),
            (row(6, RowStatus::PartiallyRefunded), Some(refunded_event(100)), PaymentStatus::PartiallyRefunded),
            (row(7, RowStatus::PartiallyRefunded), None, PaymentStatus::PartiallyRefunded),
            (row(8, RowStatus::Refunded), Some(refunded_event(900)), PaymentStatus::Refunded),
        ]
    }

    /// As the use case does it: an old event does not read the payment.
    fn effect(order: &Order, row: &Payment, envelope: &Envelope) -> Effect {
        if is_old(order, envelope) {
            return Effect::Nothing;
        }
        apply(order, Some(row), envelope, order.created_at).unwrap()
    }

    fn after(order: Order, row: &Payment, envelope: &Envelope) -> (Order, Option<Event>) {
        match effect(&order, row, envelope) {
            Effect::Changed(next, event) => (*next, event),
            Effect::Nothing => (order, None),
            Effect::Forged(reason) => panic!("refused: {reason}"),
        }
    }

    proptest! {
        /// Each arrival is an event of the past and how far the row is ahead of it.
        #[test]
        fn order_follows_its_payment_in_any_order_and_with_duplicates(
            arrivals in prop::collection::vec((0usize..6, 0usize..6), 1..12),
        ) {
            let (life, mut order, mut confirmations, mut newest) = (payment_life(), order(), 0, 0);
            for (sent, ahead) in arrivals {
                let Some(event) = life[sent].1.clone() else { continue };
                // A payment never goes back.
                newest = newest.max(sent + ahead).min(5);
                let before = order.payment_sequence;
                let (next, event) = after(order, &life[newest].0, &envelope(life[sent].0.version, event));
                confirmations += usize::from(event.is_some());
                order = next;
                prop_assert!(order.payment_sequence >= before);
            }
            if order.payment_sequence > 0 {
                let applied = life.iter().find(|(row, ..)| row.version == order.payment_sequence).unwrap();
                prop_assert_eq!(order.payment_status, applied.2);
            }
            prop_assert!(confirmations <= 1);
            prop_assert_eq!(order.status == Status::Confirmed, confirmations == 1);
        }
    }

    #[test]
    fn row_that_is_ahead_is_applied_and_its_own_event_changes_nothing_later() {
        let [(_, Some(authorised), _), (captured, Some(completed), _), ..] = payment_life() else { panic!("a life") };
        let (confirmed, event) = after(order(), &captured, &envelope(3, authorised));
        assert_eq!((confirmed.status, confirmed.payment_status), (Status::Confirmed, PaymentStatus::Paid));
        assert_eq!(confirmed.payment_sequence, 4);
        assert!(matches!(event, Some(Event::OrderConfirmed(_))));
        let (same, event) = after(confirmed.clone(), &captured, &envelope(4, completed));
        assert_eq!((same, event), (confirmed, None));
    }

    #[test]
    fn event_that_the_rows_contradict_is_forged() {
        let forged = |row: Option<Payment>, sequence, event: Event| {
            matches!(
                apply(&order(), row.as_ref(), &envelope(sequence, event), order().created_at),
                Ok(Effect::Forged(_))
            )
        };
        let paid = || Event::PaymentCompleted(payment_done());
        assert!(forged(None, 2, paid()), "there is no payment");
        assert!(forged(Some(row(1, RowStatus::Open)), 2, paid()), "the payment has not reached this version");
        assert!(forged(Some(row(2, RowStatus::Open)), 2, paid()), "the payment is open at this version");
        assert!(forged(Some(row(2, RowStatus::Authorized)), 2, paid()), "the payment is authorised at this version");
        let other_order = Payment { order_id: Clock::System.mint(), ..row(2, RowStatus::Captured) };
        let other_payment = Payment { id: Clock::System.mint(), ..row(2, RowStatus::Captured) };
        for other in [other_order, other_payment] {
            assert!(forged(Some(other), 2, paid()), "the payment belongs to another order");
        }
        assert!(!forged(Some(row(2, RowStatus::Captured)), 2, paid()));
        // A forged event of an old version has no effect but that of the row.
        let open = row(3, RowStatus::Open);
        assert_eq!(effect(&order(), &open, &envelope(2, paid())), Effect::Nothing);
    }

    #[test]
    fn authorisation_after_the_end_of_the_hold_changes_nothing_and_its_capture_is_applied() {
        let [(authorised, Some(event), _), (captured, Some(completed), _), ..] = payment_life() else {
            panic!("a life")
        };
        let confirmed = order().follow(PaymentStatus::Authorized, 3, order().created_at).unwrap();
        assert_eq!((confirmed.status, confirmed.payment_status), (Status::Confirmed, PaymentStatus::Authorized));
        let (same, event) = after(confirmed.clone(), &authorised, &envelope(3, event));
        assert_eq!((&same, event), (&confirmed, None));
        assert_eq!(after(confirmed, &captured, &envelope(4, completed)).0.payment_status, PaymentStatus::Paid);
    }

    #[test]
    fn authorisation_does_not_confirm_a_cancelled_order_and_its_void_is_applied() {
        let authorised = envelope(3, Event::PaymentAuthorized(payment_done()));
        let ended = order().transition(Status::Cancelled, order().created_at).unwrap();
        let (late, event) = after(ended.clone(), &row(3, RowStatus::Authorized), &authorised);
        assert_eq!((late.status, event), (Status::Cancelled, None));
        assert_eq!(effect(&ended, &row(4, RowStatus::Cancelling), &authorised), Effect::Nothing);
        let voided = envelope(5, Event::PaymentCancelled(payment_done()));
        let (voided, _) = after(late, &row(5, RowStatus::Cancelled), &voided);
        assert_eq!((voided.status, voided.payment_status), (Status::Cancelled, PaymentStatus::Voided));
    }

    #[test]
    fn required_action_changes_nothing() {
        let Order { id, payment_id, .. } = order();
        let page = envelope(3, Event::PaymentRequiresAction(PaymentNeedsAction { payment_id, order_id: id }));
        assert_eq!(effect(&order(), &row(3, RowStatus::RequiresAction), &page), Effect::Nothing);
    }
}
