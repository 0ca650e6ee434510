//! Cancel an order: its buyer may until it is packed, and the shop until it is shipped.

use aws_kit::Idempotent;
use events::CancelReason;
use tracing::info;
use values::{Error, OrderId, Permission, Result};

use crate::order::{Order, OrderDetails};
use crate::request::{OrderRequest, with_personal_data};
use crate::service::OrderService;
use crate::store::{MOST_ROUNDS, overtaken};

impl OrderService {
    /// Cancels the order; 409 `illegal_transition`, with a sentence that says what can be done instead, when it is too
    /// late. The payment is voided or refunded later, and its events report that. 3 round trips, 3 more for each
    /// concurrent update.
    pub async fn cancel(
        &self,
        id: OrderId,
        note: Option<&str>,
        request: &OrderRequest<'_>,
    ) -> Result<Idempotent<OrderDetails>> {
        let OrderDetails { order, personal } =
            self.orders.read_changeable(id, request.caller, request.order_token).await?;
        let result = self.try_cancel(order, note, request).await;
        Ok(with_personal_data(self.orders.or_earlier(result, request.idempotency).await?, personal))
    }

    async fn try_cancel(&self, mut order: Order, note: Option<&str>, request: &OrderRequest<'_>) -> Result<Order> {
        let by =
            if request.caller.may(Permission::MoveOrders) { CancelReason::ByShop } else { CancelReason::ByCustomer };
        for _ in 0..MOST_ROUNDS {
            request.check_version(&order)?;
            order.status.check_cancellable(by)?;
            let ended = self.cancel_or_confirm(&order, by, note, request.idempotency, request.trace).await?;
            if let Some(ended) = ended {
                info!(order.id = %ended.id, order.was = order.status.name(), "order cancelled");
                return Ok(ended);
            }
            order = self.orders.read(order.id).await?.ok_or_else(|| Error::not_found("order"))?;
        }
        Err(overtaken())
    }
}
