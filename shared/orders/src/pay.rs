//! Paying again: another method for a pending order whose last payment was declined, or waits for its customer.

use aws_kit::Attempt;
use payments::Method;
use values::{Error, OrderId, Result};

use crate::Desk;
use crate::asked::{self, Asked};
use crate::order::Order;
use crate::read::Full;
use crate::status::PaymentStatus;
use crate::store::{MOST_ROUNDS, Moved, commit, overtaken};

impl Desk {
    /// Opens the order's payment again, in one transaction with the order's version and the answer of the keyed request.
    /// The worker that the event wakes holds the stock long enough for the provider's answer.
    pub async fn pay(&self, id: OrderId, method: Method, asked: &Asked<'_>) -> Result<Attempt<Full>> {
        let Full { order, private } = self.orders.show(id, asked.caller, asked.order_token).await?;
        let tried = self.try_pay(order, &method, asked).await;
        Ok(asked::full(self.orders.or_earlier(tried, asked.once).await?, private))
    }

    async fn try_pay(&self, mut order: Order, method: &Method, asked: &Asked<'_>) -> Result<Order> {
        for _ in 0..MOST_ROUNDS {
            let now = self.orders.clock.now();
            asked.check_version(&order)?;
            order.check_payable(now)?;
            let payment = self.payments.read(order.payment_id).await?;
            let payment = payment.ok_or_else(|| Error::internal(format!("order {} has no payment", order.id)))?;
            let mut next = order.changed(now);
            next.payment_status = PaymentStatus::Unpaid;
            // What is still on its way about the attempt before is older than this.
            next.payment_sequence = payment.version + 1;
            let mut writes = self.orders.next(&next, asked.trace, "payment_requested", None)?;
            writes.extend(self.payments.reopen(&payment, method.clone(), asked.trace)?);
            if let Some(once) = asked.once {
                writes.push(self.orders.kept(once, &next)?);
            }
            match commit(writes).await? {
                Moved::Done => return Ok(next),
                Moved::Overtaken => {
                    order = self.orders.read(order.id).await?.ok_or_else(|| Error::not_found("order"))?;
                }
            }
        }
        Err(overtaken())
    }
}
