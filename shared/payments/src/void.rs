//! Void what the provider has of a payment whose order ended. An amount that was captured meanwhile is refunded.

use aws_kit::fault;
use tracing::warn;
use values::{Result, Trace};

use crate::attempt::AttemptOutcome;
use crate::payment::Payment;
use crate::refund::Refund;
use crate::service::PaymentService;
use crate::status::Status;
use crate::step::{NextPayment, PaymentStep};
use crate::stripe::IntentState;

impl PaymentService {
    /// Ends a cancelling payment.
    pub(crate) async fn void(&self, payment: &Payment, trace: &Trace) -> Result<PaymentStep> {
        match self.cancel_intents(payment).await? {
            Some(captured) => self.refund_late_capture(payment, captured, trace),
            None => self.step_to_voided(payment, trace),
        }
    }

    /// Cancels all intents of a payment whose order is about to end, because its hold has ended. A declined payment ends with that: no
    /// worker can authorise it, because no other method is accepted after the hold. Any other payment may be authorised at this moment,
    /// so it must be voided after the end of its order, and not before.
    pub(crate) async fn cancel_first(&self, payment: &Payment, trace: &Trace) -> Result<PaymentStep> {
        let captured = self.cancel_intents(payment).await?;
        fault::point("payments.expiring");
        match (payment.status, captured) {
            (Status::Failed, None) => self.step_to_voided(payment, trace),
            // The void finds what was captured.
            _ => Ok(PaymentStep::Settled),
        }
    }

    fn step_to_voided(&self, payment: &Payment, trace: &Trace) -> Result<PaymentStep> {
        let next = payment.conclude(AttemptOutcome::Voided, self.payments.clock.now())?;
        self.step_with_order(next, trace, None)
    }

    /// Cancels the intents of a payment at the provider, and returns the first one that is captured, if there is one.
    async fn cancel_intents<'a>(&self, payment: &'a Payment) -> Result<Option<&'a str>> {
        // All attempts, not only the last. The cancellation of a declined intent costs a call, and its answer is the
        // state of the intent.
        for intent in payment.attempts.iter().filter_map(|attempt| attempt.intent.as_deref()) {
            if fault::mutant("void_skipped") {
                continue;
            }
            let cancelled = self.provider.cancel(intent).await?;
            fault::point("payments.voided");
            match cancelled.state()? {
                IntentState::Captured => return Ok(Some(intent)),
                _ => cancelled.check_canceled()?,
            }
        }
        Ok(None)
    }

    /// A capture was under way when the order ended. The payment becomes captured, and the same write starts a refund
    /// of all of it.
    fn refund_late_capture(&self, payment: &Payment, intent: &str, trace: &Trace) -> Result<PaymentStep> {
        warn!(payment.id = %payment.id, "payment was captured after its order had ended; a refund is requested");
        let now = self.payments.clock.now();
        let captured = payment.capture(now)?;
        let amount = captured.balance.refundable;
        let refund = Refund::new(&captured, intent, amount, "order_cancelled", &self.payments.clock);
        // Both transitions are one write, and so one version.
        let next = Payment { version: captured.version, ..captured.reserve_refund(amount, now)? };
        let mut writes = vec![self.payments.put_step(&next)?];
        writes.extend(self.payments.put_new_refund(&refund, trace)?);
        Ok(PaymentStep::WithOrder(Box::new(NextPayment { payment: next, writes })))
    }
}
