//! Ending a hold: an order that was not paid in time is cancelled, and its stock given back, in one transaction. One that was
//! paid in time, but does not know it yet, is confirmed.
//! Messages and schedules only suggest to look; the order's own state and time decide.

use aws_kit::fault;
use events::CancelReason;
use tracing::info;
use values::{OrderId, Result, Timestamp, Trace};

use crate::Desk;
use crate::status::Status;
use crate::store::{MOST_ROUNDS, Moved, Orders, commit, overtaken};

/// How long a hold lasts at least once a provider was asked, or is to be: longer than a provider's answer may take.
pub(crate) const PROLONGED_SECONDS: i64 = 30;

/// What a look at a hold came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Not before then.
    NotBefore(Timestamp),
    /// The order is not pending any more, now or since long.
    Over,
}

impl Desk {
    /// Cancels the order if it is still pending and its hold has ended, unless it was paid.
    pub async fn expire(&self, id: OrderId, trace: &Trace) -> Result<Expiry> {
        for _ in 0..MOST_ROUNDS {
            let Some(order) = self.orders.read(id).await?.filter(|order| may_expire(order.status)) else {
                return Ok(Expiry::Over);
            };
            if order.hold_expires_at > self.orders.clock.now() && !fault::mutant("no_hold_condition") {
                return Ok(Expiry::NotBefore(order.hold_expires_at));
            }
            if let Some(ended) = self.end(&order, CancelReason::HoldExpired, None, None, trace).await? {
                info!(order.id = %id, order.status = ended.status.name(), "the hold ended");
                return Ok(Expiry::Over);
            }
        }
        Err(overtaken())
    }
}

fn may_expire(status: Status) -> bool {
    status == Status::Pending || (fault::mutant("no_hold_condition") && status.may_become(Status::Cancelled))
}

impl Orders {
    /// Makes sure that the hold outlasts the call to the provider that is about to be made. An order that is no longer pending
    /// has no hold, and is left alone.
    pub async fn prolong(&self, id: OrderId, trace: &Trace) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            let Some(order) = self.read(id).await?.filter(|order| order.status == Status::Pending) else {
                return Ok(());
            };
            let now = self.clock.now();
            let until = now.plus_seconds(PROLONGED_SECONDS);
            if order.hold_expires_at >= until {
                return Ok(());
            }
            let next = order.held_until(until, now);
            if let Moved::Done = commit(self.next(&next, trace, "hold_prolonged", None)?, None).await? {
                return Ok(());
            }
        }
        Err(overtaken())
    }
}
