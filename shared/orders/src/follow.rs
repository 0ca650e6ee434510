//! Following the payment: what became of the money moves the order.

use events::{Envelope, Event};
use tracing::info;
use values::{OrderId, Result, Trace};

use crate::order::{Order, PaymentStatus, Status};
use crate::store::{MOST_ROUNDS, Moved, Orders, commit, overtaken};

impl Orders {
    /// Applies a payment event once, and none that is older than what was applied.
    pub async fn follow(&self, order: OrderId, envelope: &Envelope, trace: &Trace) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            let Some(before) = self.read(order).await? else { return Ok(()) };
            if envelope.sequence <= before.payment_sequence {
                info!(order.id = %order, "already known");
                return Ok(());
            }
            let Some((next, event)) = self.decide(&before, envelope)? else { return Ok(()) };
            if let Moved::Done = commit(self.next(&next, trace, envelope.event.name(), event)?).await? {
                return Ok(());
            }
        }
        Err(overtaken())
    }

    fn decide(&self, before: &Order, envelope: &Envelope) -> Result<Option<(Order, Option<Event>)>> {
        let now = self.clock.now();
        let payment_status = match envelope.event {
            Event::PaymentAuthorized(_) => PaymentStatus::Authorized,
            Event::PaymentCompleted(_) => PaymentStatus::Paid,
            Event::PaymentFailed(_) => PaymentStatus::Failed,
            Event::PaymentCancelled(_) => PaymentStatus::Voided,
            _ => return Ok(None),
        };
        // An authorisation that comes after the order ended confirms nothing: ending the order ended its payment, too.
        let confirms = payment_status == PaymentStatus::Authorized && before.status == Status::Pending;
        let mut next = if confirms { before.moved(Status::Confirmed, now)? } else { before.changed(now) };
        next.payment_status = payment_status;
        next.payment_sequence = envelope.sequence;
        let event = confirms.then(|| Event::OrderConfirmed(next.confirmed()));
        Ok(Some((next, event)))
    }
}
