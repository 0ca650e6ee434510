//! Open a payment with its order, and open it again after a decline: writes for the transactions of the orders context.

use aws_kit::Write;
use events::{Event, PaymentRequested};
use values::{Result, Trace};

use crate::new_payment::NewPayment;
use crate::payment::Payment;
use crate::payment_method::PaymentMethod;
use crate::status::Status;
use crate::store::Payments;

impl Payments {
    /// The writes that open a payment. The row of its order wakes the worker. If there is nothing to pay, the payment is captured at once, and
    /// its event is in the outbox: a new row tells nothing by itself. 422 `amount_too_small` or `amount_not_multiple` for an amount that
    /// the provider does not charge, `required` without a method.
    pub fn open(&self, new: NewPayment, trace: &Trace) -> Result<Vec<Write>> {
        let payment = new.first_version()?;
        let mut writes = vec![self.put_new(&payment)?];
        if payment.status == Status::Captured {
            writes.push(self.put_event(&payment, trace, Event::PaymentCompleted(payment.event_data()))?);
        }
        Ok(writes)
    }

    /// The writes that open a payment again for another method, and wake the worker.
    pub fn reopen(&self, payment: &Payment, method: PaymentMethod, trace: &Trace) -> Result<[Write; 2]> {
        let next = payment.retry(method.check()?, self.clock.now())?;
        let data = PaymentRequested { payment_id: next.id, order_id: next.order_id };
        Ok([self.put_next(&next)?, self.put_event(&next, trace, Event::PaymentRequested(data))?])
    }
}
