//! End a payment together with its order: writes for the transaction that cancels the order.

use aws_kit::Write;
use values::{Result, Trace};

use crate::payment::Payment;
use crate::refund::Refund;
use crate::status::Status;
use crate::store::Payments;

impl Payments {
    /// The writes that end a payment, on condition that it still has the version that was read. An authorisation will be voided,
    /// a captured amount will be refunded, and a payment that has ended stays as it is.
    ///
    /// The event `order.cancelled` has the worker void the authorisation. A worker that is authorising at that moment finds its
    /// own write refused, and voids what it has just authorised.
    pub fn end(&self, payment: &Payment, reason: &str, trace: &Trace) -> Result<Vec<Write>> {
        let (now, refundable) = (self.clock.now(), payment.balance.refundable);
        match payment.status {
            Status::Open | Status::RequiresAction | Status::Authorized | Status::Failed => {
                Ok(vec![self.put_next(&payment.transition(Status::Cancelling, now)?)?])
            }
            Status::Captured | Status::PartiallyRefunded if refundable.amount > 0 => {
                let refund = Refund::new(payment, payment.intent()?, refundable, reason, &self.clock);
                let mut writes = vec![self.put_next(&payment.reserve_refund(refundable, now)?)?];
                writes.extend(self.put_new_refund(&refund, trace)?);
                Ok(writes)
            }
            _ => Ok(vec![]),
        }
    }
}
