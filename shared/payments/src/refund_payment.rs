//! Make a pending refund at the provider, once. The attempt is stored before the provider is called. A retry first
//! checks whether the provider has made the refund.

use aws_kit::{Changes, ConditionFailures, Decision, fault};
use events::{Event, PaymentRefunded};
use tracing::{error, info};
use values::{Error, PaymentId, RefundId, Result, Timestamp, Trace};

use crate::attempt::Failure;
use crate::payment::Payment;
use crate::refund::{Refund, RefundStatus, RefundStep};
use crate::service::PaymentService;
use crate::stripe::{ProviderRefund, RefundCreation};

impl PaymentService {
    /// Completes or fails a pending refund. A refund that does not exist or has ended stays as it is.
    pub async fn refund_payment(&self, payment: PaymentId, id: RefundId, trace: &Trace) -> Result<()> {
        let Some(refund) = self.payments.read_refund(payment, id).await? else {
            info!(refund.id = %id, "refund not found");
            return Ok(());
        };
        match refund.status {
            RefundStatus::Pending => {}
            RefundStatus::Succeeded => return self.check_returned(&refund).await,
            RefundStatus::Failed => return Ok(()),
        }
        let (refund, creation) = match refund.next_step(self.payments.clock.now()) {
            RefundStep::Start(next) => {
                self.save_refund(&next).await?;
                fault::point("payments.refund_requested");
                let creation = self.provider.create_refund(&next).await?;
                (next, creation)
            }
            RefundStep::Retry => match self.provider.find_refund(&refund).await? {
                Some(found) => (refund, RefundCreation::Created(found)),
                None => {
                    let creation = self.provider.create_refund(&refund).await?;
                    (refund, creation)
                }
            },
            RefundStep::ChangeKey(next) => match self.provider.find_refund(&refund).await? {
                Some(found) => (refund, RefundCreation::Created(found)),
                None => {
                    self.save_refund(&next).await?;
                    return Err(key_not_ready());
                }
            },
            RefundStep::Wait => return Err(key_not_ready()),
        };
        fault::point("payments.refunded");
        match creation {
            RefundCreation::Rejected(failure) => self.fail_refund(&refund, failure, trace).await,
            RefundCreation::Created(created) => match created.has_succeeded() {
                Some(true) => self.complete_refund(&refund, &created, trace).await,
                Some(false) => {
                    let failure =
                        Failure { code: "refund_failed".into(), message: "The bank did not accept the refund.".into() };
                    self.fail_refund(&refund, failure, trace).await
                }
                // The bank may need days. A webhook or the reconciliation makes a worker check again.
                None => {
                    info!(refund.id = %refund.id, "refund is pending at the provider");
                    Ok(())
                }
            },
        }
    }

    /// A bank may return a refund days after it was made. The provider then has the money again, and the shop has to
    /// pay the customer in another way. No rule of ours can do that, so this raises an alarm.
    async fn check_returned(&self, refund: &Refund) -> Result<()> {
        let found = self.provider.find_refund(refund).await?;
        if found.is_some_and(|found| found.has_succeeded() == Some(false)) {
            error!(alarm = "payment.refund_returned", refund.id = %refund.id, payment.id = %refund.payment_id, "bank returned a refund");
        }
        Ok(())
    }

    async fn save_refund(&self, next: &Refund) -> Result<()> {
        let put = self.payments.put_next_refund(next)?;
        put.run().await?.map_err(|_| Error::unavailable("refund", "another worker is processing it"))
    }

    async fn complete_refund(&self, refund: &Refund, created: &ProviderRefund, trace: &Trace) -> Result<()> {
        let ended = refund.succeed(&created.id, self.payments.clock.now());
        let is_saved =
            self.end_refund(&ended, |payment, now| payment.complete_refund(refund.amount, now), trace).await?;
        if is_saved {
            info!(refund.id = %refund.id, payment.id = %refund.payment_id, "refund completed");
        }
        Ok(())
    }

    async fn fail_refund(&self, refund: &Refund, failure: Failure, trace: &Trace) -> Result<()> {
        error!(alarm = "payment.refund_refused", refund.id = %refund.id, payment.id = %refund.payment_id, code = failure.code, "provider rejected a refund");
        let ended = refund.fail(failure, self.payments.clock.now());
        self.end_refund(&ended, |payment, now| payment.fail_refund(refund.amount, now), trace).await.map(drop)
    }

    /// Saves the end of a refund, its effect on the payment, and the event, in one transaction. `false` when another
    /// worker has saved it.
    async fn end_refund(
        &self,
        ended: &Refund,
        apply: impl Fn(&Payment, Timestamp) -> Result<Payment> + Sync,
        trace: &Trace,
    ) -> Result<bool> {
        let apply = &apply;
        let decide = |failures: Option<ConditionFailures>| async move {
            let refund = failures.as_ref().and_then(ConditionFailures::first).map(|failure| failure.row::<Refund>());
            match refund.transpose()?.flatten() {
                None => {}
                // Its reason was erased meanwhile: the next delivery decides again by the row as it is now.
                Some(refund) if refund.status == RefundStatus::Pending => {
                    return Err(Error::unavailable("refund", "it was changed by a concurrent update"));
                }
                Some(_) => return Ok(Decision::Unchanged(false)),
            }
            let payment = self.read(ended.payment_id).await?;
            let next = apply(&payment, self.payments.clock.now())?;
            let mut writes = vec![self.payments.put_next_refund(ended)?, self.payments.put_next(&next)?];
            if ended.status == RefundStatus::Succeeded {
                writes.push(self.payments.put_event(&next, trace, Event::PaymentRefunded(event_data(ended, &next)))?);
            }
            Ok(Changes::new(writes, true).into())
        };
        self.payments.optimistic_write().run(decide).await
    }
}

fn event_data(refund: &Refund, payment: &Payment) -> PaymentRefunded {
    PaymentRefunded {
        refund_id: refund.id,
        payment_id: payment.id,
        order_id: payment.order_id,
        order_number: payment.order_number.clone(),
        recipient: payment.payer,
        amount: refund.amount,
        refunded: payment.balance.refunded,
        captured: payment.balance.captured,
        order_changed: false,
    }
}

fn key_not_ready() -> Error {
    Error::unavailable(
        "payment provider",
        "the next idempotency key is not used before every worker with the last key has ended",
    )
}
