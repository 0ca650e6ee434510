//! The statuses of an order, of its payment and of its fulfilment, and the legal transitions. Pure.

use events::CancelReason;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// The status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrderStatus"))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Placed. Its stock is held.
    Pending,
    /// Its payment is authorised.
    Confirmed,
    /// The shop is packing it.
    Processing,
    /// The carrier has it.
    Shipped,
    /// The customer has it.
    Delivered,
    /// Its stock was released.
    Cancelled,
    /// The customer has sent it back.
    Returned,
}

impl Status {
    /// The table of legal transitions.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Cancelled, Confirmed, Delivered, Pending, Processing, Returned, Shipped};
        matches!(
            (self, next),
            (Pending, Confirmed)
                | (Confirmed, Processing)
                | (Processing, Shipped)
                | (Shipped, Delivered)
                | (Pending | Confirmed | Processing, Cancelled)
                | (Delivered, Returned)
        )
    }

    /// Can the payment of an order with this status still wait for its capture?
    pub(crate) fn can_await_capture(self) -> bool {
        matches!(self, Self::Confirmed | Self::Processing | Self::Shipped | Self::Delivered)
    }

    /// The status as the API and the keys of an index write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    /// Refuses a transition that is not in the table; 409 `illegal_transition`.
    pub(crate) fn check_may_become(self, next: Self) -> Result<()> {
        match self.may_become(next) {
            true => Ok(()),
            false => {
                Err(illegal_transition(format!("The order is {}; it cannot become {}.", self.name(), next.name())))
            }
        }
    }

    /// Refuses a cancellation that comes too late: customers may cancel until the order is packed, the shop until it
    /// is shipped. The sentence says what can be done instead.
    pub(crate) fn check_cancellable(self, by: CancelReason) -> Result<()> {
        let allowed = match by {
            CancelReason::ByCustomer => matches!(self, Self::Pending | Self::Confirmed),
            CancelReason::ByShop => self.may_become(Self::Cancelled),
            CancelReason::HoldExpired => self == Self::Pending,
        };
        if allowed {
            return Ok(());
        }
        Err(illegal_transition(match self {
            Self::Pending | Self::Confirmed => "The order is paid, so the end of its hold does not cancel it.",
            Self::Processing => "The order is being packed. Only the shop can cancel it now. Contact the shop.",
            Self::Shipped => "The order was shipped and cannot be cancelled. Return it when it has arrived.",
            Self::Delivered => "The order was delivered and cannot be cancelled. Ask the shop for a return.",
            Self::Cancelled => "The order is already cancelled.",
            Self::Returned => "The order was already returned.",
        }))
    }
}

/// The 409 `illegal_transition`.
pub(crate) fn illegal_transition(detail: impl Into<String>) -> Error {
    Error::conflict("illegal_transition", detail)
}

/// The state of an order's payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// No payment is authorised yet.
    Unpaid,
    /// The money is reserved.
    Authorized,
    /// The money is captured.
    Paid,
    /// A part of the money was refunded.
    PartiallyRefunded,
    /// All of the money was refunded.
    Refunded,
    /// The provider declined the last attempt.
    Failed,
    /// The reservation was released.
    Voided,
}

/// The state of an order's delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "FulfilmentStatus"))]
#[serde(rename_all = "snake_case")]
pub enum Fulfilment {
    /// No piece was shipped.
    Unfulfilled,
    /// Some pieces were shipped.
    Partial,
    /// All pieces were shipped.
    Fulfilled,
    /// The pieces were sent back.
    Returned,
}

impl PaymentStatus {
    /// How an order shows the status of its payment; none while the answer of the provider is awaited.
    pub(crate) fn of(payment: payments::Status) -> Option<Self> {
        use payments::Status::{
            Authorized, Cancelled, Cancelling, Captured, Failed, Open, PartiallyRefunded, Refunded, RequiresAction,
        };
        match payment {
            Open | RequiresAction | Cancelling => None,
            Authorized => Some(Self::Authorized),
            Captured => Some(Self::Paid),
            PartiallyRefunded => Some(Self::PartiallyRefunded),
            Refunded => Some(Self::Refunded),
            Failed => Some(Self::Failed),
            Cancelled => Some(Self::Voided),
        }
    }

    /// The status as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Authorized => "authorized",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Voided => "voided",
        }
    }

    /// The reason in the order's history: what happened to the payment.
    pub(crate) fn cause(self) -> &'static str {
        match self {
            Self::Unpaid => "placed",
            Self::Authorized => "payment.authorized",
            Self::Paid => "payment.completed",
            Self::PartiallyRefunded | Self::Refunded => "payment.refunded",
            Self::Failed => "payment.failed",
            Self::Voided => "payment.cancelled",
        }
    }

    /// Is the order unpaid, or was its money returned?
    pub(crate) fn is_missing(self) -> bool {
        matches!(self, Self::Unpaid | Self::Failed | Self::Voided | Self::Refunded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 7] = [
        Status::Pending,
        Status::Confirmed,
        Status::Processing,
        Status::Shipped,
        Status::Delivered,
        Status::Cancelled,
        Status::Returned,
    ];

    #[test]
    fn transitions_are_those_of_the_contract() {
        let legal: Vec<String> = ALL
            .iter()
            .flat_map(|from| {
                let reached = ALL.iter().filter(|to| from.may_become(**to));
                reached.map(move |to| format!("{}>{}", from.name(), to.name()))
            })
            .collect();
        assert_eq!(
            legal,
            [
                "pending>confirmed",
                "pending>cancelled",
                "confirmed>processing",
                "confirmed>cancelled",
                "processing>shipped",
                "processing>cancelled",
                "shipped>delivered",
                "delivered>returned",
            ]
        );
    }

    #[test]
    fn buyer_cancels_until_packing_and_shop_until_shipping() {
        let by = |by: CancelReason| {
            ALL.iter().filter(|s| s.check_cancellable(by).is_ok()).map(|s| s.name()).collect::<Vec<_>>()
        };
        assert_eq!(by(CancelReason::ByCustomer), ["pending", "confirmed"]);
        assert_eq!(by(CancelReason::ByShop), ["pending", "confirmed", "processing"]);
        assert_eq!(by(CancelReason::HoldExpired), ["pending"]);
        let error = Status::Processing.check_cancellable(CancelReason::ByCustomer).unwrap_err();
        assert_eq!(error.code, "illegal_transition");
    }

    #[test]
    fn name_is_the_serialised_form() {
        for status in ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        use PaymentStatus::*;
        for status in [Unpaid, Authorized, Paid, PartiallyRefunded, Refunded, Failed, Voided] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }
}
