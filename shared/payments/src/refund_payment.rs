//! Make a pending refund at the provider, once. The attempt is stored before the provider is called. A retry first
//! checks whether the provider has made the refund. Its end is written together with the order.

use aws_kit::{ConditionFailures, fault};
use events::{Event, PaymentRefunded};
use tracing::{error, info};
use values::{Error, PaymentId, RefundId, Result, Trace};

use crate::attempt::Failure;
use crate::payment::Payment;
use crate::refund::{Refund, RefundStatus, RefundStep};
use crate::service::PaymentService;
use crate::step::NextPayment;
use crate::stripe::{ProviderRefund, RefundCreation};

impl PaymentService {
    /// Makes a pending refund at the provider, and returns it as it ends then, which is not written yet. None for a refund that does
    /// not exist or has ended, and while the provider does not know its end.
    pub async fn make_refund(&self, payment: PaymentId, id: RefundId) -> Result<Option<Refund>> {
        let Some(refund) = self.payments.read_refund(payment, id).await? else {
            info!(refund.id = %id, "refund not found");
            return Ok(None);
        };
        match refund.status {
            RefundStatus::Pending => {}
            RefundStatus::Succeeded => return self.check_returned(&refund).await.map(|()| None),
            RefundStatus::Failed => return Ok(None),
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
        Ok(match creation {
            RefundCreation::Rejected(failure) => Some(self.refused(&refund, failure)),
            RefundCreation::Created(created) => self.end_of(&refund, &created),
        })
    }

    /// The refund as it ends by the answer of the provider; none while the provider does not know.
    fn end_of(&self, refund: &Refund, created: &ProviderRefund) -> Option<Refund> {
        match created.has_succeeded() {
            Some(true) => Some(refund.succeed(&created.id, self.payments.clock.now())),
            Some(false) => {
                let message = "The bank did not accept the refund.".into();
                Some(self.refused(refund, Failure { code: "refund_failed".into(), message }))
            }
            // The bank may need days. A webhook or the reconciliation makes a worker check again.
            None => {
                info!(refund.id = %refund.id, "refund is pending at the provider");
                None
            }
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

    fn refused(&self, refund: &Refund, failure: Failure) -> Refund {
        error!(alarm = "payment.refund_refused", refund.id = %refund.id, payment.id = %refund.payment_id, code = failure.code, "provider rejected a refund");
        refund.fail(failure, self.payments.clock.now())
    }

    /// The writes of the end of a refund: the refund first, its effect on the payment, and the event. None when another worker has
    /// written them. `failures` are the conditions of these writes that failed before. 1 round trip.
    pub async fn end_refund(
        &self,
        ended: &Refund,
        failures: Option<ConditionFailures>,
        trace: &Trace,
    ) -> Result<Option<NextPayment>> {
        let refund = failures.as_ref().and_then(ConditionFailures::first).map(|failure| failure.row::<Refund>());
        match refund.transpose()?.flatten() {
            None => {}
            // Its reason was erased meanwhile: the next delivery decides again by the row as it is now.
            Some(refund) if refund.status == RefundStatus::Pending => {
                return Err(Error::unavailable("refund", "it was changed by a concurrent update"));
            }
            Some(_) => return Ok(None),
        }
        let (payment, now) = (self.read(ended.payment_id).await?, self.payments.clock.now());
        let has_succeeded = ended.status == RefundStatus::Succeeded;
        let next = match has_succeeded {
            true => payment.complete_refund(ended.amount, now)?,
            false => payment.fail_refund(ended.amount, now)?,
        };
        let mut writes = vec![self.payments.put_next_refund(ended)?, self.payments.put_next(&next)?];
        if has_succeeded {
            writes.push(self.payments.put_event(&next, trace, Event::PaymentRefunded(event_data(ended, &next)))?);
        }
        Ok(Some(NextPayment { payment: next, writes }))
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
        order_changed: true,
    }
}

fn key_not_ready() -> Error {
    Error::unavailable(
        "payment provider",
        "the next idempotency key is not used before every worker with the last key has ended",
    )
}
