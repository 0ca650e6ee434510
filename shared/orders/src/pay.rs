//! Pay again: another method for a pending order whose last payment was declined, or requires an action of the
//! customer.

use aws_kit::{Changes, ConditionFailures, Idempotent, Transaction};
use payments::PaymentMethod;
use values::{OrderId, Result};

use crate::answer::Answer;
use crate::checkout::Checkout;
use crate::counters::CounterRow;
use crate::extend_hold::HOLD_EXTENSION_SECONDS;
use crate::order::OrderDetails;
use crate::request::OrderRequest;
use crate::status::PaymentStatus;

impl Checkout {
    /// Opens the payment of the order again, in one transaction with the version of the order and the stored response.
    /// The hold lasts at least as long as after a decline, and until the worker comes, which extends it before it calls the
    /// provider. Stock is not held for ever, because the number of attempts is limited. 429 `payment_blocked` after too many
    /// declines of its buyer or network. 3 round trips, 2 or 3 more for each concurrent update, 1 more for a decline that the
    /// order did not know yet.
    pub async fn pay(
        &self,
        id: OrderId,
        method: PaymentMethod,
        request: &OrderRequest<'_>,
    ) -> Result<Idempotent<OrderDetails>> {
        let method = method.check()?;
        let (orders, payments) = (&self.service.orders, &self.service.payments);
        let OrderDetails { order, personal } = orders.read_changeable(id, request.caller, request.order_token).await?;
        let (order, method) = (&order, &method);
        let decide = |failures: Option<ConditionFailures>| async move {
            let order = orders.latest(order, failures).await?;
            let now = orders.clock.now();
            request.check_version(&order)?;
            order.check_payable(now)?;
            let payment = self.service.read_payment(&order).await?;
            let hold_seconds = self.declined_hold_seconds.min(self.hold_seconds).max(HOLD_EXTENSION_SECONDS);
            let mut next = order.hold_until(now.plus_seconds(hold_seconds), now);
            next.payment_status = PaymentStatus::Unpaid;
            // Events of the release before about the last attempt, which have not arrived yet, are older than this.
            next.payment_sequence = payment.version + 1;
            let declined = match order.misses_decline(&payment) {
                true => orders.read_own_counters(&order).await?,
                false => None,
            };
            let writes = orders.put_next_after_decline(
                &mut next,
                request.trace,
                "payment_requested",
                None,
                declined.as_ref(),
            )?;
            let mut writes = Transaction::from(writes);
            writes.add_all(payments.reopen(&payment, method.clone(), request.trace)?);
            let limits = &self.limits;
            let mut checks = None;
            match (declined, &order.counters) {
                (Some(rows), _) => limits.check_declines(&rows.network, &rows.buyer, now)?,
                (None, Some(counters)) => {
                    let writes_of_checks = orders.check_declines(counters, limits, now)?;
                    checks = Some(writes_of_checks.map(|check| writes.add(check)));
                }
                (None, None) => {}
            }
            let refuse = move |failures: &ConditionFailures| {
                let Some(checks) = checks else { return Ok(None) };
                let [network, buyer] = checks.map(|slot| failures.of(slot).map_or(Ok(None), |failure| failure.row()));
                let (network, buyer): (Option<CounterRow>, Option<CounterRow>) = (network?, buyer?);
                Ok(limits.check_declines(&network.unwrap_or_default(), &buyer.unwrap_or_default(), now).err())
            };
            Ok(Changes::new(writes, Answer::changed(next)).or_refuse(refuse).into())
        };
        let answer = orders.transition_write().run_idempotent(request.idempotency, decide).await?;
        let paid = orders.changed_order(answer).await?;
        Ok(paid.map(|order| OrderDetails { order, personal }))
    }
}
