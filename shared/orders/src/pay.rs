//! Pay again: another method for a pending order whose last payment was declined, or requires an action of the
//! customer.

use aws_kit::{Changes, ConditionFailures, Idempotent};
use payments::PaymentMethod;
use values::{Error, OrderId, Result};

use crate::extend_hold::HOLD_EXTENSION_SECONDS;
use crate::order::OrderDetails;
use crate::request::OrderRequest;
use crate::service::OrderService;
use crate::status::PaymentStatus;

impl OrderService {
    /// Opens the payment of the order again, in one transaction with the version of the order and the stored response.
    /// The hold lasts at least until the worker comes, which extends it before it calls the provider. Stock is not
    /// held for ever, because the number of attempts is limited. 3 round trips, 2 or 3 more for each concurrent update.
    pub async fn pay(
        &self,
        id: OrderId,
        method: PaymentMethod,
        request: &OrderRequest<'_>,
    ) -> Result<Idempotent<OrderDetails>> {
        let method = method.check()?;
        let OrderDetails { order, personal } =
            self.orders.read_changeable(id, request.caller, request.order_token).await?;
        let (order, method) = (&order, &method);
        let decide = |failures: Option<ConditionFailures>| async move {
            let order = self.orders.latest(order, failures).await?;
            let now = self.orders.clock.now();
            request.check_version(&order)?;
            order.check_payable(now)?;
            let payment = self.payments.read(order.payment_id).await?;
            let payment = payment.ok_or_else(|| Error::internal(format!("order {} has no payment", order.id)))?;
            let mut next = order.hold_until(now.plus_seconds(HOLD_EXTENSION_SECONDS), now);
            next.payment_status = PaymentStatus::Unpaid;
            // Events of the attempt before that have not arrived yet are older than this.
            next.payment_sequence = payment.version + 1;
            let mut writes = self.orders.put_next(&next, request.trace, "payment_requested", None)?;
            writes.extend(self.payments.reopen(&payment, method.clone(), request.trace)?);
            Ok(Changes::new(writes, next).into())
        };
        let paid = self.orders.transition_write().run_idempotent(request.idempotency, decide).await?;
        Ok(paid.map(|order| OrderDetails { order, personal }))
    }
}
