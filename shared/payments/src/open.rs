//! Opening a payment with its order, opening it again after a decline, and ending it with its order: fragments of the
//! transactions of the orders context.

use aws_kit::Write;
use events::{Event, Line, PaymentRequested, Recipient};
use values::{Money, OrderId, PaymentId, Result, Trace};

use crate::payment::{Attempt, Method, Payment, Status};
use crate::store::Payments;

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
            status: Status::Open,
            attempts: vec![Attempt { method: new.method.checked()?, intent: None, outcome: None, asked_at: now }],
            lines: new.lines,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The writes that open a declined payment again for another method, and tell the worker.
    pub fn reopen(&self, payment: &Payment, method: Method, trace: &Trace) -> Result<[Write; 2]> {
        let next = payment.retried(method.checked()?, self.clock.now())?;
        let asked = PaymentRequested { payment_id: next.id, order_id: next.order_id };
        Ok([self.next(&next)?, self.told(&next, trace, Event::PaymentRequested(asked))?])
    }

    /// The write that ends a payment with its order. `order.cancelled` tells the worker to let go what was reserved; a worker
    /// in the middle of a charge finds its own write refused, and lets go what it has just reserved.
    pub fn end(&self, payment: &Payment) -> Result<Write> {
        self.next(&payment.moved(Status::Cancelling, self.clock.now())?)
    }
}
