//! Following the payment: what became of the money moves the order.

use aws_kit::fault;
use events::{Envelope, Event};
use tracing::info;
use values::{OrderId, Result, Timestamp, Trace};

use crate::order::Order;
use crate::status::{PaymentStatus, Status};
use crate::store::{MOST_ROUNDS, Moved, Orders, commit, overtaken};

impl Orders {
    /// Applies a payment event once, and none that is older than what was applied.
    pub async fn follow(&self, order: OrderId, envelope: &Envelope, trace: &Trace) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            let Some(before) = self.read(order).await? else { return Ok(()) };
            let Some((next, event)) = followed(&before, envelope, self.clock.now())? else {
                info!(order.id = %order, "already known, or nothing to follow");
                return Ok(());
            };
            if let Moved::Done = commit(self.next(&next, trace, envelope.event.name(), event)?, None).await? {
                return Ok(());
            }
        }
        Err(overtaken())
    }
}

/// What the order becomes by a payment event, and what is told of that; none when it says nothing new.
///
/// Queues reorder. The sequence is the payment's version, so the highest tells the truth whatever came before it, and lower ones
/// that arrive later are dropped. `payment.requires_action` is not followed: the order stays `unpaid`, as it was, and leaves
/// the sequence alone, because whatever comes next has a higher one.
fn followed(before: &Order, envelope: &Envelope, now: Timestamp) -> Result<Option<(Order, Option<Event>)>> {
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
    // An authorisation that comes after the order ended confirms nothing: ending the order ended its payment, too, and what
    // becomes of that follows with a higher sequence. One that was captured at once may be told of by its capture first.
    let is_funded = matches!(payment_status, PaymentStatus::Authorized | PaymentStatus::Paid);
    let confirms = is_funded && before.status == Status::Pending;
    let mut next = if confirms { before.moved(Status::Confirmed, now)? } else { before.changed(now) };
    next.payment_status = payment_status;
    next.payment_sequence = envelope.sequence;
    let event = confirms.then(|| Event::OrderConfirmed(next.confirmed()));
    Ok(Some((next, event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use events::{PaymentChanged, PaymentNeedsAction, PaymentRefunded};
    use proptest::prelude::*;
    use values::{Actor, Clock, Money};

    fn told(sequence: u64, event: Event) -> Envelope {
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        Envelope::new(&Clock::fixed(order().created_at), &trace, order().payment_id, sequence, event)
    }

    fn done() -> PaymentChanged {
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

    fn refunded(part: i64) -> Event {
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

    /// The whole life of a payment: reserved, taken, given back in two parts.
    fn life() -> [(Envelope, PaymentStatus); 4] {
        [
            (told(3, Event::PaymentAuthorized(done())), PaymentStatus::Authorized),
            (told(4, Event::PaymentCompleted(done())), PaymentStatus::Paid),
            (told(6, refunded(100)), PaymentStatus::PartiallyRefunded),
            (told(8, refunded(900)), PaymentStatus::Refunded),
        ]
    }

    fn after(order: Order, envelope: &Envelope) -> (Order, Option<Event>) {
        followed(&order, envelope, order.created_at).unwrap().unwrap_or((order, None))
    }

    proptest! {
        #[test]
        fn the_newest_word_counts_whatever_comes_first_and_however_often(arrivals in prop::collection::vec(0usize..4, 1..12)) {
            let (mut order, mut confirmations) = (order(), 0);
            for arrival in &arrivals {
                let (next, event) = after(order, &life()[*arrival].0);
                confirmations += usize::from(event.is_some());
                order = next;
            }
            let newest = arrivals.iter().max().unwrap();
            prop_assert_eq!(order.payment_status, life()[*newest].1);
            prop_assert_eq!(order.payment_sequence, life()[*newest].0.sequence);
            prop_assert!(confirmations <= 1);
            prop_assert_eq!(order.status == Status::Confirmed, confirmations == 1);
        }
    }

    #[test]
    fn a_capture_that_overtakes_its_authorisation_confirms_the_order() {
        let (confirmed, event) = after(order(), &life()[1].0);
        assert_eq!((confirmed.status, confirmed.payment_status), (Status::Confirmed, PaymentStatus::Paid));
        assert!(matches!(event, Some(Event::OrderConfirmed(_))));
        let (same, event) = after(confirmed.clone(), &life()[0].0);
        assert_eq!((same, event), (confirmed, None));
    }

    #[test]
    fn an_authorisation_that_the_end_of_the_hold_saw_first_is_old_news_and_its_capture_is_not() {
        let confirmed = order().authorized(3, order().created_at).unwrap();
        assert_eq!((confirmed.status, confirmed.payment_status), (Status::Confirmed, PaymentStatus::Authorized));
        let (same, event) = after(confirmed.clone(), &life()[0].0);
        assert_eq!((&same, event), (&confirmed, None));
        assert_eq!(after(confirmed, &life()[1].0).0.payment_status, PaymentStatus::Paid);
    }

    #[test]
    fn an_authorisation_after_the_end_confirms_nothing_and_its_end_is_followed() {
        let ended = order().moved(Status::Cancelled, order().created_at).unwrap();
        let (late, event) = after(ended, &life()[0].0);
        assert_eq!((late.status, event), (Status::Cancelled, None));
        let (voided, _) = after(late, &told(5, Event::PaymentCancelled(done())));
        assert_eq!((voided.status, voided.payment_status), (Status::Cancelled, PaymentStatus::Voided));
    }

    #[test]
    fn a_page_to_be_visited_changes_nothing() {
        let Order { id, payment_id, .. } = order();
        let page = PaymentNeedsAction { payment_id, order_id: id };
        assert_eq!(after(order(), &told(3, Event::PaymentRequiresAction(page))), (order(), None));
    }
}
