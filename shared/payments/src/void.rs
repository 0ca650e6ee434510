//! Letting go what was reserved for an order that ended. What was taken after all is given back.

use aws_kit::fault;
use events::Event;
use tracing::{info, warn};
use values::{Result, Trace};

use crate::Till;
use crate::payment::{Outcome, Payment};
use crate::refund::Refund;
use crate::store::commit;
use crate::stripe::State;

impl Till {
    /// Ends a cancelling payment; `false` when somebody else moved it meanwhile.
    pub(crate) async fn void(&self, payment: &Payment, trace: &Trace) -> Result<bool> {
        // Every attempt, not only the last: voiding a declined one is answered by its state and costs a call.
        for intent in payment.attempts.iter().filter_map(|attempt| attempt.intent.as_deref()) {
            if fault::mutant("void_skipped") {
                continue;
            }
            let truth = self.provider.cancel(intent).await?;
            fault::point("payments.voided");
            match truth.state()? {
                State::Captured => return self.give_back_all(payment, intent, trace).await,
                _ => truth.check_canceled()?,
            }
        }
        let next = payment.concluded(Outcome::Voided, self.payments.clock.now())?;
        self.payments.save(&next, trace, [Event::PaymentCancelled(next.done())]).await
    }

    /// A capture was on its way when the order ended: it counts as taken, and all of it is promised back in the same write.
    async fn give_back_all(&self, payment: &Payment, intent: &str, trace: &Trace) -> Result<bool> {
        warn!(payment.id = %payment.id, "captured when its order had ended; it is refunded");
        let now = self.payments.clock.now();
        let taken = payment.taken(now)?;
        let refund = Refund::new(&taken, intent, taken.refundable, "order_cancelled", &self.payments.clock);
        // One write, one version.
        let promised = Payment { version: taken.version, ..taken.promised_back(taken.refundable, now) };
        let mut writes = vec![self.payments.next(&promised)?];
        writes.extend(self.payments.refund_created(&refund, trace)?);
        let saved = commit(writes).await?;
        info!(payment.id = %payment.id, refund.id = %refund.id, saved, "refund asked");
        Ok(saved)
    }
}
