//! Request that the worker asks the provider for the state of a payment: the customer is back from the provider's page.

use aws_kit::{CommitError, Transaction};
use events::{Event, PaymentRequested};
use values::{Error, Result, Trace};

use crate::payment::Payment;
use crate::status::Status;
use crate::store::Payments;

/// How long a check stands for the next ones. Each is an event, and a call to the provider.
const CHECK_AGAIN_SECONDS: i64 = 30;

impl Payments {
    /// Wakes the worker when the customer had to act: once in this state of the payment, and again after
    /// [`CHECK_AGAIN_SECONDS`], because a customer may come back too early. In any other state there is nothing to check.
    /// 1 round trip.
    pub async fn request_status_check(&self, payment: &Payment, trace: &Trace) -> Result<()> {
        if payment.status != Status::RequiresAction {
            return Ok(());
        }
        let data = PaymentRequested { payment_id: payment.id, order_id: payment.order_id };
        let mut writes = Transaction::new();
        writes.add(self.note_status_check(payment, CHECK_AGAIN_SECONDS)?);
        writes.add(self.put_event(payment, trace, Event::PaymentRequested(data))?);
        match writes.commit().await {
            // Its worker was woken already, or the payment has changed meanwhile.
            Ok(()) | Err(CommitError::ConditionFailed(_)) => Ok(()),
            Err(CommitError::Failed(error)) => Err(error),
        }
    }

    /// Publishes an event that makes the worker look at the payment.
    pub(crate) async fn wake_worker(
        &self,
        payment: &Payment,
        event: fn(PaymentRequested) -> Event,
        trace: &Trace,
    ) -> Result<()> {
        let data = PaymentRequested { payment_id: payment.id, order_id: payment.order_id };
        let write = self.put_event(payment, trace, event(data))?;
        write.run().await?.map_err(|_| Error::internal("DynamoDB refused an unconditional put"))
    }
}
