//! Taking the money that was reserved, once the order is confirmed, or shipped.

use aws_kit::fault;
use events::Event;
use tracing::{error, info};
use values::{Error, PaymentId, Result, Trace};

use crate::Till;
use crate::payment::{Payment, Status};
use crate::stripe::State;

impl Till {
    /// Captures an authorised payment whole. A second call finds it captured: a capture names its intent, and the provider
    /// captures an intent once.
    pub async fn capture(&self, id: PaymentId, trace: &Trace) -> Result<()> {
        let payment = self.read(id).await?;
        if payment.status != Status::Authorized {
            info!(payment.id = %id, payment.status = payment.status.name(), "nothing to capture");
            return Ok(());
        }
        let now = self.payments.clock.now();
        let next = match self.take(&payment).await? {
            State::Captured => payment.taken(now)?,
            State::Canceled => {
                error!(alarm = "payment.reservation_lost", payment.id = %id, "the provider let the reservation go: the order is not paid");
                payment.moved(Status::Cancelled, now)?
            }
            other => return Err(Error::internal(format!("the provider did not capture payment {id}: {other:?}"))),
        };
        let event = match next.status {
            Status::Captured => Event::PaymentCompleted(next.done()),
            _ => Event::PaymentCancelled(next.done()),
        };
        match self.payments.save(&next, trace, [event]).await? {
            true => Ok(()),
            // Another delivery of the same message, or the order has just ended: then the void finds it captured.
            false => Err(Error::unavailable("payment", "it was moved by somebody else; look again")),
        }
    }

    async fn take(&self, payment: &Payment) -> Result<State> {
        if fault::mutant("capture_skipped") {
            return Ok(State::Captured);
        }
        let truth = self.provider.capture(payment.intent()?).await?;
        fault::point("payments.captured");
        if truth.is_of(payment) {
            return truth.state();
        }
        // It was of our amount when it was authorised: somebody changed it at the provider, and has to look.
        let (id, expected) = (payment.id, payment.amount);
        error!(alarm = "payment.mismatched", payment.id = %id, %expected, seen.amount = truth.amount, seen.currency = truth.currency, "captured in another amount");
        Err(Error::internal(format!("payment {id} was captured in another amount than {expected}")))
    }
}
