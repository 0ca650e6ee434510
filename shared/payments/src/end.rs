//! End a payment together with its order: writes for the transaction that cancels the order.

use aws_kit::Write;
use values::{Result, Trace};

use crate::payment::Payment;
use crate::refund::Refund;
use crate::status::Status;
use crate::store::Payments;

/// The end of a payment, for the transaction that cancels its order.
#[derive(Debug)]
pub struct PaymentEnd {
    pub writes: Vec<Write>,
    /// Does a worker still have to void it? The event `order.cancelled` wakes that worker.
    pub awaits_void: bool,
}

impl Payments {
    /// The writes that end a payment, on condition that it still has the version that was read. An authorisation will be voided,
    /// a captured amount will be refunded, and a payment that has ended stays as it is.
    ///
    /// A worker that is authorising at that moment finds its own write refused, and voids what it has just authorised.
    pub fn end(&self, payment: &Payment, reason: &str, trace: &Trace) -> Result<PaymentEnd> {
        let (now, refundable) = (self.clock.now(), payment.balance.refundable);
        match payment.status {
            Status::Open | Status::RequiresAction | Status::Authorized | Status::Failed => {
                let writes = vec![self.put_next(&payment.transition(Status::Cancelling, now)?)?];
                Ok(PaymentEnd { writes, awaits_void: true })
            }
            Status::Captured | Status::PartiallyRefunded if refundable.amount > 0 => {
                let refund = Refund::new(payment, payment.intent()?, refundable, reason, &self.clock);
                let mut writes = vec![self.put_next(&payment.reserve_refund(refundable, now)?)?];
                writes.extend(self.put_new_refund(&refund, trace)?);
                Ok(PaymentEnd { writes, awaits_void: false })
            }
            status => Ok(PaymentEnd { writes: vec![], awaits_void: status == Status::Cancelling }),
        }
    }
}
