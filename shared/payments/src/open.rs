//! Opening a payment with its order, opening it again after a decline, and ending it with its order: fragments of the
//! transactions of the orders context.

use aws_kit::Write;
use events::{Event, Line, PaymentRequested, Recipient};
use values::{Error, Money, OrderId, PaymentId, Result, Trace};

use crate::payment::{Attempt, Payment, Status};
use crate::refund::Refund;
use crate::{Method, Payments};

/// What an order wants to be paid.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// The payment's id, minted with the order.
    pub id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// What the customer calls that.
    pub order_number: String,
    /// Who pays.
    pub payer: Recipient,
    /// How much.
    pub amount: Money,
    /// By what.
    pub method: Method,
    /// For what.
    pub lines: Vec<Line>,
    /// Digest of a guest's order token.
    pub token_digest: Option<String>,
}

impl Payments {
    /// The write that opens a payment. `order.created` tells the worker of it.
    pub fn open(&self, new: NewPayment) -> Result<Write> {
        let now = self.clock.now();
        self.created(&Payment {
            id: new.id,
            order_id: new.order_id,
            order_number: new.order_number,
            payer: new.payer,
            amount: new.amount,
            captured: 0,
            refunded: 0,
            refunding: 0,
            refundable: 0,
            status: Status::Open,
            attempts: vec![Attempt { method: new.method.checked()?, intent: None, outcome: None, asked_at: now }],
            lines: new.lines,
            token_digest: new.token_digest,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The writes that open a payment again for another method, and tell the worker.
    pub fn reopen(&self, payment: &Payment, method: Method, trace: &Trace) -> Result<[Write; 2]> {
        let next = payment.retried(method.checked()?, self.clock.now())?;
        let asked = PaymentRequested { payment_id: next.id, order_id: next.order_id };
        Ok([self.next(&next)?, self.told(&next, trace, Event::PaymentRequested(asked))?])
    }

    /// The writes that end a payment with its order, on condition that it is as it was read: what was reserved is let go, what
    /// was taken is given back, and what has ended stays. `order.cancelled` tells the worker to let go; a worker in the
    /// middle of a charge finds its own write refused, and lets go what it has just reserved.
    pub fn end(&self, payment: &Payment, reason: &str, trace: &Trace) -> Result<Vec<Write>> {
        let now = self.clock.now();
        match payment.status {
            Status::Open | Status::RequiresAction | Status::Authorized | Status::Failed => {
                Ok(vec![self.next(&payment.moved(Status::Cancelling, now)?)?])
            }
            Status::Captured | Status::PartiallyRefunded if payment.refundable > 0 => {
                let refund = Refund::new(payment, payment.intent()?, payment.refundable, reason, &self.clock);
                let mut writes = vec![self.next(&payment.promised_back(payment.refundable, now))?];
                writes.extend(self.refund_created(&refund, trace)?);
                Ok(writes)
            }
            _ => Ok(vec![]),
        }
    }
}

impl Payment {
    /// The provider's object of the present attempt, which a payment that got so far has.
    pub(crate) fn intent(&self) -> Result<&str> {
        let intent = self.attempt()?.intent.as_deref();
        intent.ok_or_else(|| Error::internal(format!("payment {} has no object at the provider", self.id)))
    }
}
