//! Extend the hold of an order, so that its stock stays reserved while the provider is called.

use aws_kit::{Changes, ConditionFailures, Decision};
use values::{OrderId, Result, Trace};

use crate::status::Status;
use crate::store::Orders;

/// The shortest hold at the moment when the provider is called: longer than the provider's answer may take.
pub(crate) const HOLD_EXTENSION_SECONDS: i64 = 30;

impl Orders {
    /// Makes sure that the hold outlasts the call of the provider that follows. An order that is no longer pending has no hold,
    /// and stays as it is.
    pub async fn extend_hold(&self, id: OrderId, trace: &Trace) -> Result<()> {
        let decide = |_: Option<ConditionFailures>| async move {
            let Some(order) = self.read(id).await?.filter(|order| order.status == Status::Pending) else {
                return Ok(Decision::Unchanged(()));
            };
            let now = self.clock.now();
            let until = now.plus_seconds(HOLD_EXTENSION_SECONDS);
            if order.hold_expires_at >= until {
                return Ok(Decision::Unchanged(()));
            }
            let next = order.hold_until(until, now);
            Ok(Changes::new(self.put_next(&next, trace, "hold_prolonged", None)?, ()).into())
        };
        self.transition_write().run(decide).await
    }
}
