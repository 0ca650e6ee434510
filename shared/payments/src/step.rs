//! One step of a payment: what a worker has decided from its row and the answer of the provider. It is not written yet.

use aws_kit::Write;
use events::Event;
use values::{Result, Trace};

use crate::capture_at::CaptureAt;
use crate::payment::Payment;
use crate::service::PaymentService;

/// What is due for a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Authorise it, or check whether the customer has acted. When it is captured says who finds it until then.
    Authorisation(CaptureAt),
    /// The same, and this worker has just stored the intent. Nobody has confirmed it yet.
    Confirmation(CaptureAt),
    /// Capture what is authorised.
    Capture,
    /// It stays authorised. Check whether the provider has released the money, or captured it before.
    Check,
    /// Cancel it at the provider, before the order ends: its hold has ended.
    End,
    /// Void it: its order was cancelled.
    Void,
}

/// The end of a step.
#[derive(Debug)]
pub enum PaymentStep {
    /// No worker has to act.
    Settled,
    /// A concurrent update has changed the payment, so nothing was decided.
    Changed,
    /// The payment changes, and its order does not.
    Alone(Box<NextPayment>),
    /// The payment changes, and its order with it: the writes of both are one transaction.
    WithOrder(Box<NextPayment>),
}

/// The next version of a payment.
#[derive(Debug)]
pub struct NextPayment {
    pub payment: Payment,
    /// Its row, on condition that it still has the version before, and what belongs to the change, such as an alarm.
    pub writes: Vec<Write>,
}

impl PaymentService {
    /// The step to the next version of a payment, without its order. One write, which is cheaper alone than in a transaction.
    pub(crate) fn step(&self, next: Payment) -> Result<PaymentStep> {
        let writes = vec![self.payments.put_step(&next)?];
        Ok(PaymentStep::Alone(Box::new(NextPayment { payment: next, writes })))
    }

    /// The step to the next version of a payment, with its events, and with its order.
    pub(crate) fn step_with_order(
        &self,
        next: Payment,
        trace: &Trace,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<PaymentStep> {
        let writes = self.payments.put_step_with_events(&next, trace, events)?;
        Ok(PaymentStep::WithOrder(Box::new(NextPayment { payment: next, writes })))
    }
}
