//! Moving an order on by the shop's hand: it is packed, it left, it arrived.

use aws_kit::Idempotent;
use events::Event;
use tracing::info;
use values::{Error, OrderId, Permission, Result};

use crate::asked::{self, Asked};
use crate::history::Why;
use crate::order::Order;
use crate::read::Full;
use crate::status::Status;
use crate::store::{MOST_ROUNDS, Moved, Orders, commit, overtaken};

impl Orders {
    /// Moves the order to `processing`, `shipped` or `delivered`, for an admin; 409 `illegal_transition` when that does not
    /// follow on where it is, or is not done by hand. 2 round trips, 2 more each time that somebody was faster.
    pub async fn advance(
        &self,
        id: OrderId,
        next: Status,
        note: Option<&str>,
        asked: &Asked<'_>,
    ) -> Result<Idempotent<Full>> {
        asked.caller.require(Permission::MoveOrders)?;
        let Full { order, private } = self.show(id, asked.caller, asked.order_token).await?;
        let tried = self.try_advance(order, next, note, asked).await;
        Ok(asked::full(self.or_earlier(tried, asked.idempotency).await?, private))
    }

    async fn try_advance(
        &self,
        mut order: Order,
        next: Status,
        note: Option<&str>,
        asked: &Asked<'_>,
    ) -> Result<Order> {
        for _ in 0..MOST_ROUNDS {
            asked.check_version(&order)?;
            let moved = order.advanced(next, self.clock.now())?;
            let why = Why { word: next.name(), note };
            let writes = self.next(&moved, asked.trace, why, told(&moved))?;
            let kept = asked.idempotency.map(|idempotency| self.kept(idempotency, &moved)).transpose()?;
            match commit(writes, kept).await? {
                Moved::Done => {
                    info!(order.id = %moved.id, order.status = next.name(), "moved on");
                    return Ok(moved);
                }
                Moved::Overtaken => order = self.read(order.id).await?.ok_or_else(|| Error::not_found("order"))?,
            }
        }
        Err(overtaken())
    }
}

/// The event of having come so far.
fn told(order: &Order) -> Option<Event> {
    match order.status {
        Status::Processing => Some(Event::OrderProcessing(order.on_its_way())),
        Status::Shipped => Some(Event::OrderShipped(order.on_its_way())),
        Status::Delivered => Some(Event::OrderDelivered(order.delivered())),
        _ => None,
    }
}
