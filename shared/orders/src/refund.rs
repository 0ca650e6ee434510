//! Make a refund that was requested. Its end is one transaction with its payment and its order.

use aws_kit::{Changes, ConditionFailures, Decision};
use payments::{NextPayment, PaymentService, RefundStatus};
use tracing::info;
use values::{PaymentId, RefundId, Result, Trace};

use crate::service::OrderService;
use crate::status::PaymentStatus;

impl OrderService {
    /// Makes a pending refund at the provider, and writes its end. A refund that has ended stays as it is. A refund that failed changes
    /// no order. 3 reads, 2 calls of the provider at most, 2 writes.
    pub async fn refund(
        &self,
        payments: &PaymentService,
        (payment, id): (PaymentId, RefundId),
        trace: &Trace,
    ) -> Result<()> {
        let Some(ended) = payments.make_refund(payment, id).await? else { return Ok(()) };
        let (ended, has_succeeded) = (&ended, ended.status == RefundStatus::Succeeded);
        let decide = |failures: Option<ConditionFailures>| async move {
            // None if an operator has deleted the order. It is read first, so that it is not newer than the time of the change.
            let order = if has_succeeded { self.orders.read(ended.order_id).await? } else { None };
            let Some(next) = payments.end_refund(ended, failures, trace).await? else {
                return Ok(Decision::Unchanged(false));
            };
            let NextPayment { payment, mut writes } = next;
            if let (Some(order), Some(status)) = (order, PaymentStatus::of(payment.status)) {
                let mut next = order.follow(status, payment.version, payment.updated_at)?;
                writes.extend(self.orders.put_next(&mut next, trace, status.cause(), None)?);
            }
            Ok(Changes::new(writes, true).into())
        };
        if self.settle_write().run(decide).await? && has_succeeded {
            info!(refund.id = %id, payment.id = %payment, "refund completed");
        }
        Ok(())
    }
}
