//! Cancel an order: its buyer may until it is packed, and the shop until it is shipped.

use aws_kit::{Changes, ConditionFailures, Decision, Idempotent, fault};
use events::CancelReason;
use tracing::info;
use values::{OrderId, Permission, Result};

use crate::order::OrderDetails;
use crate::request::OrderRequest;
use crate::service::OrderService;

impl OrderService {
    /// Cancels the order; 409 `illegal_transition`, with a sentence that says what can be done instead, when it is too
    /// late. The payment is voided or refunded later, and its events report that. 3 round trips, 2 or
    /// 3 more for each concurrent update.
    pub async fn cancel(
        &self,
        id: OrderId,
        note: Option<&str>,
        request: &OrderRequest<'_>,
    ) -> Result<Idempotent<OrderDetails>> {
        let OrderDetails { order, personal } =
            self.orders.read_changeable(id, request.caller, request.order_token).await?;
        let by =
            if request.caller.may(Permission::MoveOrders) { CancelReason::ByShop } else { CancelReason::ByCustomer };
        let order = &order;
        let decide = |failures: Option<ConditionFailures>| async move {
            let order = self.orders.latest(order, failures).await?;
            request.check_version(&order)?;
            order.status.check_cancellable(by)?;
            let (ended, writes) = self.cancel_or_confirm(&order, by, note, request.trace).await?;
            if fault::mutant("cancel_forgotten") {
                return Ok(Decision::Unchanged(ended));
            }
            Ok(Changes::new(writes, ended).into())
        };
        let ended = self.orders.transition_write().run_idempotent(request.idempotency, decide).await?;
        if let Idempotent::Fresh(order) = &ended {
            info!(order.id = %order.id, "order cancelled");
        }
        Ok(ended.map(|order| OrderDetails { order, personal }))
    }
}
