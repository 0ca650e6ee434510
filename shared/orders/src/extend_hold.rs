//! Extend the hold of an order, so that its stock stays reserved while the provider is called. Pure.

use values::Timestamp;

use crate::order::Order;

/// The shortest hold at the moment when the provider is called: longer than the provider's answer may take.
pub(crate) const HOLD_EXTENSION_SECONDS: i64 = 30;

/// Is the hold too short for a call of the provider?
pub(crate) fn is_short(order: &Order, now: Timestamp) -> bool {
    order.hold_expires_at < now.plus_seconds(HOLD_EXTENSION_SECONDS)
}

impl Order {
    /// The order with a hold that outlasts the call of the provider that follows.
    pub(crate) fn extend_hold(&self, now: Timestamp) -> Self {
        self.hold_until(now.plus_seconds(HOLD_EXTENSION_SECONDS), now)
    }
}
