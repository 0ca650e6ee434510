//! Capture an authorised payment, once its order is confirmed or shipped.

use aws_kit::fault;
use tracing::error;
use values::{Error, Result, Trace};

use crate::payment::Payment;
use crate::service::PaymentService;
use crate::status::Status;
use crate::step::PaymentStep;
use crate::stripe::IntentState;
use crate::tells::Tells;

impl PaymentService {
    /// Captures the whole amount of an authorised payment. A second call is safe: the capture names its intent, and the provider
    /// captures an intent once. If the order has just ended, the write fails, and the void finds the payment captured.
    pub(crate) async fn capture(&self, payment: &Payment, trace: &Trace) -> Result<PaymentStep> {
        match self.capture_at_provider(payment).await? {
            IntentState::Captured => {
                let next = payment.capture(self.payments.clock.now())?.telling(Tells::Completed);
                self.step_with_order(next, trace, None)
            }
            IntentState::Canceled => self.record_lost_authorisation(payment, trace),
            other => Err(Error::internal(format!("the provider did not capture payment {}: {other:?}", payment.id))),
        }
    }

    /// The provider released the reservation, not we. The order is not paid, and the shop must know that before it
    /// packs.
    pub(crate) fn record_lost_authorisation(&self, payment: &Payment, trace: &Trace) -> Result<PaymentStep> {
        error!(alarm = "payment.reservation_lost", payment.id = %payment.id, order.id = %payment.order_id, "provider released the reservation");
        let next = payment.transition(Status::Cancelled, self.payments.clock.now())?;
        self.step_with_order(next, trace, None)
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
