//! Expire the hold of an order. An order that was not paid in time is cancelled and its stock released, in one transaction.
//! An order that was paid in time, but whose payment event of the release before is late, is confirmed. This is for those who cannot
//! ask the provider: housekeeping, and messages of the release before. `settle.rs` ends holds that its worker hears of.
//! Messages and schedules are hints; the status and the time of the order decide.

use aws_kit::{Changes, ConditionFailures, Decision, fault};
use events::CancelReason;
use tracing::info;
use values::{OrderId, Result, Timestamp, Trace};

use crate::order::Order;
use crate::service::OrderService;
use crate::status::Status;

/// The result of a check of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The hold ends at this time.
    NotBefore(Timestamp),
    /// The order is no longer pending.
    Over,
}

impl Expiry {
    /// That of an order.
    pub(crate) fn of(order: &Order) -> Self {
        match order.status {
            Status::Pending => Self::NotBefore(order.hold_expires_at),
            _ => Self::Over,
        }
    }
}

impl OrderService {
    /// Cancels the order if it is still pending and its hold has ended, unless it was paid.
    pub async fn expire_hold(&self, id: OrderId, trace: &Trace) -> Result<Expiry> {
        let decide = |_: Option<ConditionFailures>| async move {
            let Some(order) = self.orders.read(id).await?.filter(|order| can_expire(order.status)) else {
                return Ok(Decision::Unchanged((Expiry::Over, None)));
            };
            if order.hold_expires_at > self.orders.clock.now() && !fault::mutant("no_hold_condition") {
                return Ok(Decision::Unchanged((Expiry::NotBefore(order.hold_expires_at), None)));
            }
            let ending = self.cancel_or_confirm(&order, CancelReason::HoldExpired, None, trace).await?;
            Ok(Changes::new(ending.writes, (Expiry::Over, Some(ending.order.status))).into())
        };
        let (expiry, changed) = self.orders.transition_write().run(decide).await?;
        if let Some(status) = changed {
            info!(order.id = %id, order.status = status.name(), "hold expired");
        }
        Ok(expiry)
    }
}

fn can_expire(status: Status) -> bool {
    status == Status::Pending || (fault::mutant("no_hold_condition") && status.may_become(Status::Cancelled))
}
