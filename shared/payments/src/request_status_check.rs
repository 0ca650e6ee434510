//! Request that the worker asks the provider for the state of a payment: the customer is back from the provider's page.

use events::{Event, PaymentRequested};
use values::{Error, Result, Trace};

use crate::payment::Payment;
use crate::status::Status;
use crate::store::Payments;

impl Payments {
    /// Wakes the worker when the customer had to act. In any other state there is nothing to check. 1 round trip.
    pub async fn request_status_check(&self, payment: &Payment, trace: &Trace) -> Result<()> {
        match payment.status {
            Status::RequiresAction => self.wake_worker(payment, Event::PaymentRequested, trace).await,
            _ => Ok(()),
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
