//! Apply a payment event to its order.

use aws_kit::{Changes, ConditionFailures, Decision, fault};
use events::{Envelope, Event};
use tracing::info;
use values::{OrderId, Result, Timestamp, Trace};

use crate::order::Order;
use crate::service::OrderService;
use crate::status::{PaymentStatus, Status};

impl OrderService {
    /// Applies a payment event once, and ignores one that is older than the last one applied.
    pub async fn apply_payment_event(&self, order: OrderId, envelope: &Envelope, trace: &Trace) -> Result<()> {
        let decide = |_: Option<ConditionFailures>| async move {
            let Some(before) = self.orders.read(order).await? else { return Ok(Decision::Unchanged(())) };
            let Some((next, event)) = apply(&before, envelope, self.orders.clock.now())? else {
                info!(order.id = %order, "payment event changes nothing");
                return Ok(Decision::Unchanged(()));
            };
            Ok(Changes::new(self.orders.put_next(&next, trace, envelope.event.name(), event)?, ()).into())
        };
        self.orders.transition_write().run(decide).await
    }
}

/// The order after a payment event, and the event that this causes; none when the payment event says nothing new.
///
/// Queues reorder messages. The sequence is the version of the payment, so the highest one is the truth, and lower
/// ones that arrive later are dropped. `payment.requires_action` is ignored: the order stays `unpaid`, and the next
/// event has a higher sequence.
fn apply(before: &Order, envelope: &Envelope, now: Timestamp) -> Result<Option<(Order, Option<Event>)>> {
    if envelope.sequence <= before.payment_sequence && !fault::mutant("sequence_ignored") {
        return Ok(None);
    }
    let payment_status = match &envelope.event {
        Event::PaymentAuthorized(_) => PaymentStatus::Authorized,
        Event::PaymentCompleted(_) => PaymentStatus::Paid,
        Event::PaymentFailed(_) => PaymentStatus::Failed,
        Event::PaymentCancelled(_) => PaymentStatus::Voided,
        Event::PaymentRefunded(refund) if refund.refunded.amount >= refund.captured.amount => PaymentStatus::Refunded,
        Event::PaymentRefunded(_) => PaymentStatus::PartiallyRefunded,
        _ => return Ok(None),
    };
    // An authorisation that arrives after the order was cancelled confirms nothing. The cancellation also ended the
    // payment, and the events of that have a higher sequence. A payment that was captured at once may be reported by
    // its capture first.
    let is_funded = matches!(payment_status, PaymentStatus::Authorized | PaymentStatus::Paid);
    let confirms = is_funded && before.status == Status::Pending;
    let mut next = if confirms { before.transition(Status::Confirmed, now)? } else { before.next_version(now) };
    next.payment_status = payment_status;
    next.payment_sequence = envelope.sequence;
    let event = confirms.then(|| Event::OrderConfirmed(next.confirmed_event()));
    Ok(Some((next, event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use events::{PaymentChanged, PaymentNeedsAction, PaymentRefunded};
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
        })
    }

    /// All events of a payment: authorised, captured, refunded in two parts.
    fn payment_events() -> [(Envelope, PaymentStatus); 4] {
        [
            (envelope(3, Event::PaymentAuthorized(payment_done())), PaymentStatus::Authorized),
            (envelope(4, Event::PaymentCompleted(payment_done())), PaymentStatus::Paid),
            (envelope(6, refunded_event(100)), PaymentStatus::PartiallyRefunded),
            (envelope(8, refunded_event(900)), PaymentStatus::Refunded),
        ]
    }

    fn after(order: Order, envelope: &Envelope) -> (Order, Option<Event>) {
        apply(&order, envelope, order.created_at).unwrap().unwrap_or((order, None))
    }

    proptest! {
        #[test]
        fn highest_sequence_wins_in_any_order_and_with_duplicates(arrivals in prop::collection::vec(0usize..4, 1..12)) {
            let (mut order, mut confirmations) = (order(), 0);
            for arrival in &arrivals {
                let (next, event) = after(order, &payment_events()[*arrival].0);
                confirmations += usize::from(event.is_some());
                order = next;
            }
            let newest = arrivals.iter().max().unwrap();
            prop_assert_eq!(order.payment_status, payment_events()[*newest].1);
            prop_assert_eq!(order.payment_sequence, payment_events()[*newest].0.sequence);
            prop_assert!(confirmations <= 1);
            prop_assert_eq!(order.status == Status::Confirmed, confirmations == 1);
        }
    }

    #[test]
    fn capture_before_its_authorisation_confirms_the_order() {
        let (confirmed, event) = after(order(), &payment_events()[1].0);
        assert_eq!((confirmed.status, confirmed.payment_status), (Status::Confirmed, PaymentStatus::Paid));
        assert!(matches!(event, Some(Event::OrderConfirmed(_))));
        let (same, event) = after(confirmed.clone(), &payment_events()[0].0);
        assert_eq!((same, event), (confirmed, None));
    }

    #[test]
    fn authorisation_after_the_end_of_the_hold_changes_nothing_and_its_capture_is_applied() {
        let confirmed = order().confirm(3, order().created_at).unwrap();
        assert_eq!((confirmed.status, confirmed.payment_status), (Status::Confirmed, PaymentStatus::Authorized));
        let (same, event) = after(confirmed.clone(), &payment_events()[0].0);
        assert_eq!((&same, event), (&confirmed, None));
        assert_eq!(after(confirmed, &payment_events()[1].0).0.payment_status, PaymentStatus::Paid);
    }

    #[test]
    fn authorisation_does_not_confirm_a_cancelled_order_and_its_void_is_applied() {
        let ended = order().transition(Status::Cancelled, order().created_at).unwrap();
        let (late, event) = after(ended, &payment_events()[0].0);
        assert_eq!((late.status, event), (Status::Cancelled, None));
        let (voided, _) = after(late, &envelope(5, Event::PaymentCancelled(payment_done())));
        assert_eq!((voided.status, voided.payment_status), (Status::Cancelled, PaymentStatus::Voided));
    }

    #[test]
    fn required_action_changes_nothing() {
        let Order { id, payment_id, .. } = order();
        let page = PaymentNeedsAction { payment_id, order_id: id };
        assert_eq!(after(order(), &envelope(3, Event::PaymentRequiresAction(page))), (order(), None));
    }
}
