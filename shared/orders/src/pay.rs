//! Paying again: another method for a pending order whose last payment was declined.

use aws_kit::{Attempt, Idempotency};
use payments::Method;
use values::{Caller, Error, OrderId, Result, Trace};

use crate::Desk;
use crate::order::PaymentStatus;
use crate::read::Full;
use crate::store::{Moved, commit};

impl Desk {
    /// Opens the order's payment again, in one transaction with the order's version and the answer of the keyed request.
    /// The worker that the event wakes holds the stock long enough for the provider's answer.
    pub async fn pay(
        &self,
        id: OrderId,
        method: Method,
        caller: &Caller,
        order_token: Option<&str>,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Attempt<Full>> {
        let full = self.orders.show(id, caller, order_token).await?;
        match self.pay_once(&full, method, idempotency, trace).await {
            Ok(paid) => Ok(Attempt::Fresh(paid)),
            // A repetition meets its own effect. Its answer was kept, whatever became of the order since.
            Err(error) => match idempotency.recall(self.orders.table(), self.orders.clock.now()).await? {
                Some(order) => Ok(Attempt::Replayed(Full { order, private: full.private })),
                None => Err(error),
            },
        }
    }

    async fn pay_once(&self, full: &Full, method: Method, idempotency: &Idempotency, trace: &Trace) -> Result<Full> {
        let now = self.orders.clock.now();
        full.order.check_payable(now)?;
        let payment = self.payments.read(full.order.payment_id).await?;
        let payment = payment.ok_or_else(|| Error::internal(format!("order {} has no payment", full.order.id)))?;
        let mut next = full.order.changed(now);
        next.payment_status = PaymentStatus::Unpaid;
        // What is still on its way about the attempt before is older than this.
        next.payment_sequence = payment.version + 1;
        let mut writes = self.orders.next(&next, trace, "payment_requested", None)?;
        writes.extend(self.payments.reopen(&payment, method, trace)?);
        writes.push(self.orders.kept(idempotency, &next)?);
        match commit(writes).await? {
            Moved::Done => Ok(Full { order: next, private: full.private.clone() }),
            Moved::Overtaken => {
                Err(Error::conflict("order_changed", "The order was changed meanwhile. Read it and try again."))
            }
        }
    }
}
