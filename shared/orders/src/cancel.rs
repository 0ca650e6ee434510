//! Cancelling an order because somebody wants to: who bought it until it is packed, the shop until it has left.

use aws_kit::Idempotent;
use events::CancelReason;
use tracing::info;
use values::{Error, OrderId, Permission, Result};

use crate::Desk;
use crate::asked::{self, Asked};
use crate::order::Order;
use crate::read::Full;
use crate::store::{MOST_ROUNDS, overtaken};

impl Desk {
    /// Cancels the order; 409 `illegal_transition`, which says what can be done instead, when that comes too late. What was
    /// reserved is let go and what was paid is given back, which the payment's events tell when it has happened. 3 round trips,
    /// 3 more each time that somebody was faster.
    pub async fn cancel(&self, id: OrderId, note: Option<&str>, asked: &Asked<'_>) -> Result<Idempotent<Full>> {
        let Full { order, private } = self.orders.touch(id, asked.caller, asked.order_token).await?;
        let tried = self.try_cancel(order, note, asked).await;
        Ok(asked::full(self.orders.or_earlier(tried, asked.idempotency).await?, private))
    }

    async fn try_cancel(&self, mut order: Order, note: Option<&str>, asked: &Asked<'_>) -> Result<Order> {
        let by = if asked.caller.may(Permission::MoveOrders) { CancelReason::ByShop } else { CancelReason::ByCustomer };
        for _ in 0..MOST_ROUNDS {
            asked.check_version(&order)?;
            order.status.check_cancellable(by)?;
            if let Some(ended) = self.end(&order, by, note, asked.idempotency, asked.trace).await? {
                info!(order.id = %ended.id, order.was = order.status.name(), "cancelled");
                return Ok(ended);
            }
            order = self.orders.read(order.id).await?.ok_or_else(|| Error::not_found("order"))?;
        }
        Err(overtaken())
    }
}
