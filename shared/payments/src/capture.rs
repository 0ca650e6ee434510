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
        let saved = match self.take(&payment).await? {
            State::Captured => {
                let next = payment.taken(self.payments.clock.now())?;
                let event = Event::PaymentCompleted(next.done());
                self.payments.save(&next, trace, [event]).await?
            }
            State::Canceled => self.lapsed(&payment, trace).await?,
            other => return Err(Error::internal(format!("the provider did not capture payment {id}: {other:?}"))),
        };
        match saved {
            true => Ok(()),
            // Another delivery of the same message, or the order has just ended: then the void finds it captured.
            false => Err(Error::unavailable("payment", "it was moved by somebody else; look again")),
        }
    }

    /// The provider let a reservation go, without us: the order is not paid, and the shop has to know before it packs.
    pub(crate) async fn lapsed(&self, payment: &Payment, trace: &Trace) -> Result<bool> {
        error!(alarm = "payment.reservation_lost", payment.id = %payment.id, order.id = %payment.order_id, "the provider let the reservation go");
        let next = payment.moved(Status::Cancelled, self.payments.clock.now())?;
        self.payments.save(&next, trace, [Event::PaymentCancelled(next.done())]).await
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
