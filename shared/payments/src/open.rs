//! Open a payment with its order, and open it again after a decline: writes for the transactions of the orders context.

use aws_kit::Write;
use events::{Event, PaymentRequested};
use values::{Result, Trace};

use crate::attempt::Attempt;
use crate::balance::Balance;
use crate::new_payment::NewPayment;
use crate::payment::Payment;
use crate::payment_method::PaymentMethod;
use crate::status::Status;
use crate::store::Payments;

impl Payments {
    /// The write that opens a payment. The row of its order wakes the worker.
    pub fn open(&self, new: NewPayment) -> Result<Write> {
        let now = self.clock.now();
        self.put_new(&Payment {
            id: new.id,
            order_id: new.order_id,
            order_number: new.order_number,
            payer: new.payer,
            amount: new.amount,
            balance: Balance::zero(new.amount.currency),
            status: Status::Open,
            attempts: vec![Attempt::new(new.method.check()?, now)],
            lines: new.lines,
            token_digest: new.token_digest,
            tells: None,
            captured_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The writes that open a payment again for another method, and wake the worker.
    pub fn reopen(&self, payment: &Payment, method: PaymentMethod, trace: &Trace) -> Result<[Write; 2]> {
        let next = payment.retry(method.check()?, self.clock.now())?;
        let data = PaymentRequested { payment_id: next.id, order_id: next.order_id };
        Ok([self.put_next(&next)?, self.put_event(&next, trace, Event::PaymentRequested(data))?])
    }
}
