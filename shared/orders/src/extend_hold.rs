//! Extend the hold of an order, so that its stock stays reserved while the provider is called.

use values::{OrderId, Result, Trace};

use crate::status::Status;
use crate::store::{MOST_ROUNDS, Moved, Orders, commit, overtaken};

/// The shortest hold at the moment when the provider is called: longer than the provider's answer may take.
pub(crate) const HOLD_EXTENSION_SECONDS: i64 = 30;

impl Orders {
    /// Makes sure that the hold outlasts the call of the provider that follows. An order that is no longer pending has no hold,
    /// and stays as it is.
    pub async fn extend_hold(&self, id: OrderId, trace: &Trace) -> Result<()> {
        for _ in 0..MOST_ROUNDS {
            let Some(order) = self.read(id).await?.filter(|order| order.status == Status::Pending) else {
                return Ok(());
            };
            let now = self.clock.now();
            let until = now.plus_seconds(HOLD_EXTENSION_SECONDS);
            if order.hold_expires_at >= until {
                return Ok(());
            }
            let next = order.hold_until(until, now);
            if let Moved::Done = commit(self.put_next(&next, trace, "hold_prolonged", None)?, None).await? {
                return Ok(());
            }
        }
        Err(overtaken())
    }
}
