//! Advance an order by hand: the shop has packed it, sent it, or it has arrived.

use aws_kit::Idempotent;
use events::Event;
use tracing::info;
use values::{Error, OrderId, Permission, Result};

use crate::history::Reason;
use crate::order::{Order, OrderDetails};
use crate::request::{OrderRequest, with_personal_data};
use crate::service::OrderService;
use crate::status::Status;
use crate::store::{MOST_ROUNDS, Moved, commit, overtaken};

impl OrderService {
    /// Moves the order to `processing`, `shipped` or `delivered`, for an admin; 409 `illegal_transition` when the
    /// order does not allow it, or when this status is not set by hand. 2 round trips, 2 more for each concurrent
    /// update.
    pub async fn advance(
        &self,
        id: OrderId,
        next: Status,
        note: Option<&str>,
        request: &OrderRequest<'_>,
    ) -> Result<Idempotent<OrderDetails>> {
        request.caller.require(Permission::MoveOrders)?;
        let OrderDetails { order, personal } =
            self.orders.read_visible(id, request.caller, request.order_token).await?;
        let result = self.try_advance(order, next, note, request).await;
        Ok(with_personal_data(self.orders.or_earlier(result, request.idempotency).await?, personal))
    }

    async fn try_advance(
        &self,
        mut order: Order,
        next: Status,
        note: Option<&str>,
        request: &OrderRequest<'_>,
    ) -> Result<Order> {
        for _ in 0..MOST_ROUNDS {
            request.check_version(&order)?;
            let advanced = order.advance(next, self.orders.clock.now())?;
            let reason = Reason { code: next.name(), note };
            let writes = self.orders.put_next(&advanced, request.trace, reason, event(&advanced))?;
            let response =
                request.idempotency.map(|idempotency| self.orders.put_response(idempotency, &advanced)).transpose()?;
            match commit(writes, response).await? {
                Moved::Done => {
                    info!(order.id = %advanced.id, order.status = next.name(), "order advanced");
                    return Ok(advanced);
                }
                Moved::Overtaken => {
                    order = self.orders.read(order.id).await?.ok_or_else(|| Error::not_found("order"))?
                }
            }
        }
        Err(overtaken())
    }
}

/// The event of the status that the order has reached.
fn event(order: &Order) -> Option<Event> {
    match order.status {
        Status::Processing => Some(Event::OrderProcessing(order.moved_event())),
        Status::Shipped => Some(Event::OrderShipped(order.moved_event())),
        Status::Delivered => Some(Event::OrderDelivered(order.delivered_event())),
        _ => None,
    }
}
