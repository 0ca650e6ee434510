//! Capture an authorised payment, once its order is confirmed or shipped.

use aws_kit::fault;
use events::Event;
use tracing::{error, info};
use values::{Error, PaymentId, Result, Trace};

use crate::payment::Payment;
use crate::service::PaymentService;
use crate::status::Status;
use crate::stripe::IntentState;

impl PaymentService {
    /// Captures the whole amount of an authorised payment. In any other state there is nothing to capture. A second
    /// call is safe: the capture names its intent, and the provider captures an intent once.
    pub async fn capture(&self, id: PaymentId, trace: &Trace) -> Result<()> {
        let payment = self.read(id).await?;
        if payment.status != Status::Authorized {
            info!(payment.id = %id, payment.status = payment.status.name(), "nothing to capture");
            return Ok(());
        }
        let saved = match self.capture_at_provider(&payment).await? {
            IntentState::Captured => {
                let next = payment.capture(self.payments.clock.now())?;
                let event = Event::PaymentCompleted(next.event_data());
                self.payments.save(&next, trace, [event]).await?
            }
            IntentState::Canceled => self.record_lost_authorisation(&payment, trace).await?,
            other => return Err(Error::internal(format!("the provider did not capture payment {id}: {other:?}"))),
        };
        match saved {
            true => Ok(()),
            // Another delivery of the same message was faster, or the order has just ended. Then the void finds the
            // payment captured.
            false => Err(Error::unavailable("payment", "a concurrent update changed it; try again")),
        }
    }

    /// The provider released the reservation, not we. The order is not paid, and the shop must know that before it
    /// packs.
    pub(crate) async fn record_lost_authorisation(&self, payment: &Payment, trace: &Trace) -> Result<bool> {
        error!(alarm = "payment.reservation_lost", payment.id = %payment.id, order.id = %payment.order_id, "provider released the reservation");
        let next = payment.transition(Status::Cancelled, self.payments.clock.now())?;
        self.payments.save(&next, trace, [Event::PaymentCancelled(next.event_data())]).await
    }

    async fn capture_at_provider(&self, payment: &Payment) -> Result<IntentState> {
        if fault::mutant("capture_skipped") {
            return Ok(IntentState::Captured);
        }
        let intent = self.provider.capture(payment.intent()?).await?;
        fault::point("payments.captured");
        if intent.matches(payment) {
            return intent.state();
        }
        // The amount was ours when it was authorised. It was changed at the provider, and an operator has to find out
        // why.
        let (id, expected) = (payment.id, payment.amount);
        error!(alarm = "payment.mismatched", payment.id = %id, %expected, seen.amount = intent.amount, seen.currency = intent.currency, "captured amount differs from the payment");
        Err(Error::internal(format!("payment {id} was captured with another amount than {expected}")))
    }
}
