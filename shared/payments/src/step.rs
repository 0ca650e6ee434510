//! One step of a worker: what it has decided from the row of a payment and the answer of the provider.

use aws_kit::{Changes, Decision};
use events::Event;
use values::{Result, Trace};

use crate::payment::Payment;
use crate::service::PaymentService;
use crate::status::Status;

/// The end of a step.
#[derive(Debug)]
pub(crate) enum Step {
    /// No worker has to act in this status.
    Settled(Status),
    /// The next version of the payment is saved.
    Saved(Box<Payment>),
    /// A concurrent update has changed the payment, so nothing was decided.
    Changed,
}

impl PaymentService {
    /// The decision to save the next version of a payment with its events.
    pub(crate) fn save(
        &self,
        next: Payment,
        trace: &Trace,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Decision<'static, Step>> {
        let writes = self.payments.put_next_with_events(&next, trace, events)?;
        Ok(Changes::new(writes, Step::Saved(Box::new(next))).into())
    }
}
