//! Giving a promised part back, once. The attempt is written down before the provider is asked; a retry looks first whether
//! the provider has done it.

use aws_kit::fault;
use events::{Event, PaymentRefunded};
use tracing::{error, info};
use values::{Error, Money, PaymentId, RefundId, Result, Trace};

use crate::Till;
use crate::payment::{Failure, Payment};
use crate::refund::{Refund, RefundStatus, Step};
use crate::store::{MOST_ROUNDS, commit, overtaken};
use crate::stripe::{Given, Posted};

impl Till {
    /// Brings a refund to its end. One that is not there, or has ended, is left alone.
    pub async fn give_back(&self, payment: PaymentId, id: RefundId, trace: &Trace) -> Result<()> {
        let Some(refund) = self.payments.refund(payment, id).await? else {
            info!(refund.id = %id, "there is no such refund");
            return Ok(());
        };
        match refund.status {
            RefundStatus::Pending => {}
            RefundStatus::Succeeded => return self.look_back(&refund).await,
            RefundStatus::Failed => return Ok(()),
        }
        let (refund, posted) = match refund.step(self.payments.clock.now()) {
            Step::First(next) => {
                self.write_down(&next).await?;
                fault::point("payments.refund_asked");
                let posted = self.provider.give_back(&next).await?;
                (next, posted)
            }
            Step::Again => match self.provider.find_refund(&refund).await? {
                Some(given) => (refund, Posted::Given(given)),
                None => {
                    let posted = self.provider.give_back(&refund).await?;
                    (refund, posted)
                }
            },
            Step::NextKey(next) => match self.provider.find_refund(&refund).await? {
                Some(given) => (refund, Posted::Given(given)),
                None => {
                    self.write_down(&next).await?;
                    return Err(resting());
                }
            },
            Step::Rest => return Err(resting()),
        };
        fault::point("payments.refunded");
        match posted {
            Posted::Refused(failure) => self.not_given_back(&refund, failure, trace).await,
            Posted::Given(given) => match given.is_final() {
                Some(true) => self.given_back(&refund, &given, trace).await,
                Some(false) => {
                    let failure = Failure { code: "refund_failed".into(), message: "The bank did not take it.".into() };
                    self.not_given_back(&refund, failure, trace).await
                }
                // It may take days; a webhook or reconciliation has us look again.
                None => {
                    info!(refund.id = %refund.id, "the provider has it, and is not done yet");
                    Ok(())
                }
            },
        }
    }

    /// A bank may send a refund back days after it was made. The provider then has the money again, and somebody has to pay the
    /// customer in another way: no rule of ours can.
    async fn look_back(&self, refund: &Refund) -> Result<()> {
        let given = self.provider.find_refund(refund).await?;
        if given.is_some_and(|given| given.is_final() == Some(false)) {
            error!(alarm = "payment.refund_returned", refund.id = %refund.id, payment.id = %refund.payment_id, "a bank sent a refund back");
        }
        Ok(())
    }

    async fn write_down(&self, next: &Refund) -> Result<()> {
        match commit([self.payments.refund_next(next)?]).await? {
            true => Ok(()),
            false => Err(Error::unavailable("refund", "another worker is at it")),
        }
    }

    async fn given_back(&self, refund: &Refund, given: &Given, trace: &Trace) -> Result<()> {
        let amount = refund.amount.amount;
        let ended = refund.succeeded(&given.id, self.payments.clock.now());
        let moved = self.end_refund(&ended, |payment, now| payment.given_back(amount, now), trace).await?;
        if moved {
            info!(refund.id = %refund.id, payment.id = %refund.payment_id, "given back");
        }
        Ok(())
    }

    async fn not_given_back(&self, refund: &Refund, failure: Failure, trace: &Trace) -> Result<()> {
        error!(alarm = "payment.refund_refused", refund.id = %refund.id, payment.id = %refund.payment_id, code = failure.code, "the provider refuses a refund");
        let amount = refund.amount.amount;
        let ended = refund.failed(failure, self.payments.clock.now());
        self.end_refund(&ended, |payment, now| Ok(payment.kept_after_all(amount, now)), trace).await.map(drop)
    }

    /// Writes the end of a refund, what it makes of its payment, and the event, in one transaction. `false` when another worker
    /// has written it.
    async fn end_refund(
        &self,
        ended: &Refund,
        apply: impl Fn(&Payment, values::Timestamp) -> Result<Payment>,
        trace: &Trace,
    ) -> Result<bool> {
        for _ in 0..MOST_ROUNDS {
            let payment = self.read(ended.payment_id).await?;
            let next = apply(&payment, self.payments.clock.now())?;
            let mut writes = vec![self.payments.refund_next(ended)?, self.payments.next(&next)?];
            if ended.status == RefundStatus::Succeeded {
                writes.push(self.payments.told(&next, trace, Event::PaymentRefunded(told(ended, &next)))?);
            }
            if commit(writes).await? {
                return Ok(true);
            }
            let now = self.payments.refund(ended.payment_id, ended.id).await?;
            match now {
                Some(now) if now.status == RefundStatus::Pending && now.version < ended.version => {}
                // Its reason was erased meanwhile: once more, on the refund as it is.
                Some(now) if now.status == RefundStatus::Pending => return Err(overtaken()),
                _ => return Ok(false),
            }
        }
        Err(overtaken())
    }
}

fn told(refund: &Refund, payment: &Payment) -> PaymentRefunded {
    let money = |amount| Money::new(amount, payment.amount.currency);
    PaymentRefunded {
        refund_id: refund.id,
        payment_id: payment.id,
        order_id: payment.order_id,
        order_number: payment.order_number.clone(),
        recipient: payment.payer,
        amount: refund.amount,
        refunded: money(payment.refunded),
        captured: money(payment.captured),
    }
}

fn resting() -> Error {
    Error::unavailable("payment provider", "the next idempotency key rests until nobody can hold the one before")
}
