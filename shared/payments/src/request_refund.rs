//! Request a refund. The refund is stored as pending, together with the event that wakes the worker.

use aws_kit::{CommitError, Idempotency, Idempotent, Transaction};
use values::{Error, PaymentId, Result, Trace};

use crate::payment::Payment;
use crate::payment_row::PaymentRow;
use crate::refund::Refund;
use crate::refund_amount::{RefundAmount, check_refundable};
use crate::status::Status;
use crate::store::Payments;

impl Payments {
    /// Stores a pending refund of a captured payment, once per idempotency key, and wakes the worker. However many requests run
    /// at once, the refunds never exceed the captured amount. 409 `nothing_to_refund` or `refund_exceeds_captured`;
    /// 422 `amount_out_of_range`, `currency_mismatch` or `line_unknown`.
    pub async fn request_refund(
        &self,
        id: PaymentId,
        amount: RefundAmount,
        reason: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Idempotent<Refund>> {
        match self.create_refund(id, amount, reason, idempotency, trace).await {
            Ok(refund) => Ok(Idempotent::Fresh(refund)),
            Err(error) => idempotency.or_earlier(self.table(), self.clock.now(), error).await.map(Idempotent::Replayed),
        }
    }

    async fn create_refund(
        &self,
        id: PaymentId,
        amount: RefundAmount,
        reason: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Refund> {
        let payment = self.read(id).await?.ok_or_else(|| Error::not_found("payment"))?;
        if !matches!(payment.status, Status::Captured | Status::PartiallyRefunded) {
            let detail = format!("The payment is {}; only a captured payment can be refunded.", payment.status.name());
            return Err(Error::conflict("nothing_to_refund", detail));
        }
        let amount = amount.resolve(&payment)?;
        check_refundable(amount, &payment)?;
        let refund = Refund::new(&payment, payment.intent()?, amount, reason, &self.clock);
        let mut writes = Transaction::new();
        let reservation = writes.add(self.reserve_refund(id, amount)?);
        for write in self.put_new_refund(&refund, trace)? {
            writes.add(write);
        }
        writes.add(idempotency.keep(self.table(), &refund, self.clock.now())?);
        match writes.commit().await {
            Ok(()) => Ok(refund),
            Err(CommitError::ConditionFailed(failures)) => {
                let now = failures.of(reservation).map(|failure| failure.row::<PaymentRow>()).transpose()?.flatten();
                if let Some(now) = now {
                    check_refundable(amount, &Payment::from(now))?;
                }
                Err(CommitError::ConditionFailed(failures).into())
            }
            Err(CommitError::Failed(error)) => Err(error),
        }
    }
}
