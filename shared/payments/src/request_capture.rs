//! Request the capture of an authorised payment. The worker alone talks to the provider.

use events::Event;
use values::{Error, Result, Trace};

use crate::payment::Payment;
use crate::status::Status;
use crate::store::Payments;

impl Payments {
    /// Wakes the worker to capture; 409 `illegal_transition` when the payment is not authorised. 1 round trip.
    pub async fn request_capture(&self, payment: &Payment, trace: &Trace) -> Result<()> {
        match payment.status {
            Status::Authorized => self.wake_worker(payment, Event::PaymentCaptureRequested, trace).await,
            status => Err(Error::conflict(
                "illegal_transition",
                format!("The payment is {}; only an authorized payment can be captured.", status.name()),
            )),
        }
    }
}
