//! What people ask of a payment: to look again at the provider (`confirm`), to take the reserved money, to give some back. Each is
//! written down, together with the event that wakes the worker, which alone talks to the provider.

use aws_kit::{CommitError, Idempotency, Idempotent, Transaction};
use events::{Event, PaymentRequested};
use serde_json::Map;
use values::{Error, Money, PaymentId, Quantity, Result, Sku, Trace};

use crate::Payments;
use crate::payment::{Payment, Status};
use crate::refund::Refund;

/// How much is to be given back.
#[derive(Debug, Clone)]
pub enum Part {
    /// All that is left.
    Rest,
    /// So much.
    Amount(Money),
    /// What so many pieces cost.
    Lines(Vec<(Sku, Quantity)>),
}

impl Payments {
    /// Has the worker look whether the customer did what the provider's page asked for. Nothing to do in any other state.
    pub async fn look(&self, payment: &Payment, trace: &Trace) -> Result<()> {
        match payment.status {
            Status::RequiresAction => self.wake(payment, Event::PaymentRequested, trace).await,
            _ => Ok(()),
        }
    }

    /// Has the worker take what is reserved. 409 `illegal_transition` when nothing is.
    pub async fn ask_capture(&self, payment: &Payment, trace: &Trace) -> Result<()> {
        match payment.status {
            Status::Authorized => self.wake(payment, Event::PaymentCaptureRequested, trace).await,
            status => Err(Error::conflict(
                "illegal_transition",
                format!("The payment is {}; only an authorized one can be captured.", status.name()),
            )),
        }
    }

    async fn wake(&self, payment: &Payment, event: fn(PaymentRequested) -> Event, trace: &Trace) -> Result<()> {
        let asked = PaymentRequested { payment_id: payment.id, order_id: payment.order_id };
        let told = self.told(payment, trace, event(asked))?;
        told.run().await?.map_err(|_| Error::internal("an unconditional put was refused"))
    }

    /// Promises a part of a captured payment back, once per key, and wakes the worker. However many ask at once, the promises
    /// never exceed what was taken. 409 `nothing_to_refund` or `refund_exceeds_captured`; 422 `amount_out_of_range`,
    /// `currency_mismatch` or `line_unknown`.
    pub async fn ask_refund(
        &self,
        id: PaymentId,
        part: Part,
        reason: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Idempotent<Refund>> {
        match self.promise_back(id, part, reason, idempotency, trace).await {
            Ok(refund) => Ok(Idempotent::Fresh(refund)),
            Err(error) => idempotency.or_earlier(self.table(), self.clock.now(), error).await.map(Idempotent::Replayed),
        }
    }

    async fn promise_back(
        &self,
        id: PaymentId,
        part: Part,
        reason: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Refund> {
        let payment = self.read(id).await?.ok_or_else(|| Error::not_found("payment"))?;
        if !matches!(payment.status, Status::Captured | Status::PartiallyRefunded) {
            let detail = format!("The payment is {}; only what was captured can be refunded.", payment.status.name());
            return Err(Error::conflict("nothing_to_refund", detail));
        }
        let amount = payment.amount_of(part)?;
        check_left(amount, payment.refundable, &payment)?;
        let refund = Refund::new(&payment, payment.intent()?, amount, reason, &self.clock);
        let mut writes = Transaction::new();
        let promised = writes.add(self.promise(id, amount)?);
        for write in self.refund_created(&refund, trace)? {
            writes.add(write);
        }
        writes.add(idempotency.keep(self.table(), &refund, self.clock.now())?);
        match writes.commit().await {
            Ok(()) => Ok(refund),
            Err(CommitError::ConditionFailed(refusals)) => {
                let now = refusals.of(promised).map(|refused| refused.row::<Payment>()).transpose()?.flatten();
                if let Some(now) = now {
                    check_left(amount, now.refundable, &now)?;
                }
                Err(CommitError::ConditionFailed(refusals).into())
            }
            Err(CommitError::Failed(error)) => Err(error),
        }
    }
}

impl Payment {
    fn amount_of(&self, part: Part) -> Result<i64> {
        let (amount, field) = match part {
            Part::Rest if self.refundable > 0 => return Ok(self.refundable),
            Part::Rest => return Err(Error::conflict("nothing_to_refund", "All of it is given back, or promised.")),
            Part::Amount(amount) => (amount, "amount"),
            Part::Lines(lines) => (self.cost_of(&lines)?, "lines"),
        };
        if amount.currency != self.amount.currency {
            let message = format!("the payment is in {}", self.amount.currency);
            return Err(Error::invalid("amount.currency", "currency_mismatch", message));
        }
        match amount.amount > 0 {
            true => Ok(amount.amount),
            false => Err(Error::invalid(field, "amount_out_of_range", "must be more than nothing")),
        }
    }
}

fn check_left(amount: i64, left: i64, payment: &Payment) -> Result<()> {
    if amount <= left {
        return Ok(());
    }
    let left = Money::new(left, payment.amount.currency);
    let facts: Map<_, _> = [("refundable".to_owned(), serde_json::json!(left))].into_iter().collect();
    let detail = format!("{left} of this payment can still be refunded.");
    Err(Error::conflict("refund_exceeds_captured", detail.clone()).with_facts(
        "amount",
        "refund_exceeds_captured",
        detail,
        facts,
    ))
}
