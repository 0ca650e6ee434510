//! Paying again: another method for a pending order whose last payment was declined, or waits for its customer.

use aws_kit::Idempotent;
use payments::Method;
use values::{Error, OrderId, Result};

use crate::Desk;
use crate::asked::{self, Asked};
use crate::expire::PROLONGED_SECONDS;
use crate::order::Order;
use crate::read::Full;
use crate::status::PaymentStatus;
use crate::store::{MOST_ROUNDS, Moved, commit, overtaken};

impl Desk {
    /// Opens the order's payment again, in one transaction with the order's version and the answer of the keyed request.
    /// The stock is held long enough for the worker to come by, which holds it for the provider's answer; not for ever, because
    /// a payment may be tried so many times and no more.
    pub async fn pay(&self, id: OrderId, method: Method, asked: &Asked<'_>) -> Result<Idempotent<Full>> {
        let method = method.checked()?;
        let Full { order, private } = self.orders.touch(id, asked.caller, asked.order_token).await?;
        let tried = self.try_pay(order, &method, asked).await;
        Ok(asked::full(self.orders.or_earlier(tried, asked.idempotency).await?, private))
    }

    async fn try_pay(&self, mut order: Order, method: &Method, asked: &Asked<'_>) -> Result<Order> {
        for _ in 0..MOST_ROUNDS {
            let now = self.orders.clock.now();
            asked.check_version(&order)?;
            order.check_payable(now)?;
            let payment = self.payments.read(order.payment_id).await?;
            let payment = payment.ok_or_else(|| Error::internal(format!("order {} has no payment", order.id)))?;
            let mut next = order.held_until(now.plus_seconds(PROLONGED_SECONDS), now);
            next.payment_status = PaymentStatus::Unpaid;
            // What is still on its way about the attempt before is older than this.
            next.payment_sequence = payment.version + 1;
            let mut writes = self.orders.next(&next, asked.trace, "payment_requested", None)?;
            writes.extend(self.payments.reopen(&payment, method.clone(), asked.trace)?);
            let kept = asked.idempotency.map(|idempotency| self.orders.kept(idempotency, &next)).transpose()?;
            match commit(writes, kept).await? {
                Moved::Done => return Ok(next),
                Moved::Overtaken => {
                    order = self.orders.read(order.id).await?.ok_or_else(|| Error::not_found("order"))?;
                }
            }
        }
        Err(overtaken())
    }
}
