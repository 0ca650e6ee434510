//! Ending a hold: an order that was not paid in time is cancelled, and its stock given back, in one transaction.
//! Messages and schedules only suggest to look; the order's own state and time decide.

use events::{CancelReason, Event};
use tracing::info;
use values::{Error, OrderId, Result, Timestamp, Trace};

use crate::Desk;
use crate::order::{Order, Status};
use crate::store::{MOST_ROUNDS, Moved, Orders, commit, overtaken};

/// How long a hold lasts at least once a provider was asked: longer than a provider's answer may take.
const PROLONGED_SECONDS: i64 = 30;

/// What a look at a hold came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Not before then.
    NotBefore(Timestamp),
    /// The order is not pending any more, now or since long.
    Over,
}

impl Desk {
    /// Cancels the order if it is still pending and its hold has ended.
    pub async fn expire(&self, id: OrderId, trace: &Trace) -> Result<Expiry> {
        for _ in 0..MOST_ROUNDS {
            let Some(order) = self.orders.read(id).await?.filter(|order| order.status == Status::Pending) else {
                return Ok(Expiry::Over);
            };
            if order.hold_expires_at > self.orders.clock.now() {
                return Ok(Expiry::NotBefore(order.hold_expires_at));
            }
            if let Moved::Done = self.cancel(&order, CancelReason::HoldExpired, trace).await? {
                info!(order.id = %id, "the hold ended; the stock is free");
                return Ok(Expiry::Over);
            }
        }
        Err(overtaken())
    }

    /// One transaction: the order is cancelled, its stock given back, its payment ended, the world told.
    async fn cancel(&self, order: &Order, reason: CancelReason, trace: &Trace) -> Result<Moved> {
        let payment = self.payments.read(order.payment_id).await?;
        let payment = payment.ok_or_else(|| Error::internal(format!("order {} has no payment", order.id)))?;
        let next = order.moved(Status::Cancelled, self.orders.clock.now())?;
        let event = Event::OrderCancelled(next.cancelled(reason));
        let mut writes = self.orders.next(&next, trace, "hold_expired", Some(event))?;
        for item in &order.items {
            writes.push(self.catalog.give_back(&item.sku, item.quantity.get())?);
        }
        writes.push(self.payments.end(&payment)?);
        commit(writes).await
    }
}

impl Orders {
    /// Makes sure that the hold outlasts the call to the provider that is about to be made. `false` when the order is no
    /// longer pending: then nothing is to be charged for it.
    pub async fn prolong(&self, id: OrderId, trace: &Trace) -> Result<bool> {
        for _ in 0..MOST_ROUNDS {
            let Some(order) = self.read(id).await?.filter(|order| order.status == Status::Pending) else {
                return Ok(false);
            };
            let now = self.clock.now();
            let until = now.plus_seconds(PROLONGED_SECONDS);
            if order.hold_expires_at >= until {
                return Ok(true);
            }
            let next = order.held_until(until, now);
            if let Moved::Done = commit(self.next(&next, trace, "hold_prolonged", None)?).await? {
                return Ok(true);
            }
        }
        Err(overtaken())
    }
}
