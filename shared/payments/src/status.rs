//! The status of a payment, and its legal transitions. Pure.

use serde::{Deserialize, Serialize};

/// The status of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits to be authorised.
    Open,
    /// The customer has to act on the provider's page.
    RequiresAction,
    /// The provider has reserved the money.
    Authorized,
    /// The provider has captured the money.
    Captured,
    /// Captured, and partly refunded.
    PartiallyRefunded,
    /// Captured, and fully refunded.
    Refunded,
    /// Declined. The customer may try another method while the order is pending.
    Failed,
    /// The order has ended, and the authorisation waits to be voided.
    Cancelling,
    /// Voided: nothing was or will be captured.
    Cancelled,
}

impl Status {
    /// The table of legal transitions.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{
            Authorized, Cancelled, Cancelling, Captured, Failed, Open, PartiallyRefunded, Refunded, RequiresAction,
        };
        matches!(
            (self, next),
            (Open, RequiresAction | Authorized | Failed | Cancelling)
                | (RequiresAction, Open | Authorized | Failed | Cancelling)
                // Failed becomes cancelled when its hold has ended, and the provider has cancelled all of its intents.
                | (Failed, Open | Cancelling | Cancelled)
                // Authorized becomes cancelled when the provider releases the reservation by itself.
                | (Authorized, Captured | Cancelling | Cancelled)
                // Cancelling becomes captured when a capture was under way as the order ended. It is then refunded.
                | (Cancelling, Cancelled | Captured)
                | (Captured | PartiallyRefunded, PartiallyRefunded | Refunded)
        )
    }

    /// The status as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::RequiresAction => "requires_action",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ended_payment_is_never_captured(from in 0usize..9, to in 0usize..9) {
            use Status::*;
            let all =
                [Open, RequiresAction, Authorized, Captured, PartiallyRefunded, Refunded, Failed, Cancelling, Cancelled];
            let (from, to) = (all[from], all[to]);
            // Cancelled and refunded are final, and only an authorised payment is captured.
            if matches!(from, Cancelled | Refunded) { prop_assert!(!from.may_become(to)); }
            if to == Captured && from.may_become(to) { prop_assert!(matches!(from, Authorized | Cancelling)); }
        }
    }
}
