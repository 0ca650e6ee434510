//! Advance an order by hand: the shop has packed it, sent it, or it has arrived.

use aws_kit::{Changes, ConditionFailures, Idempotent};
use events::Event;
use tracing::info;
use values::{OrderId, Permission, Result};

use crate::answer::Answer;
use crate::history::Reason;
use crate::order::{Order, OrderDetails};
use crate::request::OrderRequest;
use crate::service::OrderService;
use crate::status::{PaymentStatus, Status};

impl OrderService {
    /// Moves the order to `processing`, `shipped` or `delivered`, for an admin; 409 `illegal_transition` when the
    /// order does not allow it, or when this status is not set by hand. 2 round trips, 1 more for each concurrent
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
        let order = &order;
        let decide = |failures: Option<ConditionFailures>| async move {
            let order = self.orders.latest(order, failures).await?;
            request.check_version(&order)?;
            let mut advanced = order.advance(next, self.orders.clock.now())?;
            let (reason, event) = (Reason { code: next.name(), note }, event(&advanced));
            let writes = self.orders.put_next(&mut advanced, request.trace, reason, event)?;
            Ok(Changes::new(writes, Answer::changed(advanced)).into())
        };
        let answer = self.orders.transition_write().run_idempotent(request.idempotency, decide).await?;
        let advanced = self.orders.changed_order(answer).await?;
        if let Idempotent::Fresh(order) = &advanced {
            info!(order.id = %order.id, order.status = next.name(), "order advanced");
        }
        Ok(advanced.map(|order| OrderDetails { order, personal }))
    }
}

/// The event of the status that the order has reached, if anybody hears it. A shipped order has its payment captured.
fn event(order: &Order) -> Option<Event> {
    match order.status {
        Status::Shipped if order.payment_status == PaymentStatus::Authorized => {
            Some(Event::OrderShipped(order.moved_event()))
        }
        Status::Delivered => Some(Event::OrderDelivered(order.delivered_event())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::confirmed_order;

    #[test]
    fn shipment_wakes_the_worker_only_for_a_capture() {
        let sent = Order { status: Status::Shipped, ..confirmed_order() };
        assert!(matches!(event(&sent), Some(Event::OrderShipped(_))));
        assert_eq!(event(&Order { payment_status: PaymentStatus::Paid, ..sent }), None);
        assert_eq!(event(&Order { status: Status::Processing, ..confirmed_order() }), None);
    }
}
