//! How far an order, its money and its goods have come, and which moves are legal. Pure.

use events::CancelReason;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Placed; its stock is held.
    Pending,
    /// Its money is reserved.
    Confirmed,
    /// Being packed.
    Processing,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Given up; its stock is free.
    Cancelled,
    /// Came back.
    Returned,
}

impl Status {
    /// The contract's table of moves.
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

    /// As the API and the keys of an index write it.
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

    /// Refuses a move that the table does not have.
    pub(crate) fn check_may_become(self, next: Self) -> Result<()> {
        match self.may_become(next) {
            true => Ok(()),
            false => Err(illegal(format!("The order is {}; it cannot become {}.", self.name(), next.name()))),
        }
    }

    /// Refuses an end that comes too late for whoever wants it: customers cancel until the order is packed, the shop until it
    /// has left. The sentence says what can be done instead.
    pub(crate) fn check_cancellable(self, by: CancelReason) -> Result<()> {
        let allowed = match by {
            CancelReason::ByCustomer => matches!(self, Self::Pending | Self::Confirmed),
            CancelReason::ByShop => self.may_become(Self::Cancelled),
            CancelReason::HoldExpired => self == Self::Pending,
        };
        if allowed {
            return Ok(());
        }
        Err(illegal(match self {
            Self::Pending | Self::Confirmed => "The order is paid for, and its hold is over.",
            Self::Processing => "The order is being packed. Only the shop can cancel it now: write to it.",
            Self::Shipped => "The order is on its way and cannot be cancelled. Send it back when it has arrived.",
            Self::Delivered => "The order has arrived and cannot be cancelled. Ask the shop to take it back.",
            Self::Cancelled => "The order is cancelled already.",
            Self::Returned => "The order has come back already.",
        }))
    }
}

/// The 409 of a move that is not to be.
pub(crate) fn illegal(detail: impl Into<String>) -> Error {
    Error::conflict("illegal_transition", detail)
}

/// Where its money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// With the customer.
    Unpaid,
    /// Reserved.
    Authorized,
    /// Here.
    Paid,
    /// Partly back with the customer.
    PartiallyRefunded,
    /// Back with the customer.
    Refunded,
    /// The provider declined.
    Failed,
    /// Let go.
    Voided,
}

/// Where its goods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fulfilment {
    /// Here.
    Unfulfilled,
    /// Some are on their way.
    Partial,
    /// All are on their way or arrived.
    Fulfilled,
    /// Back.
    Returned,
}

impl PaymentStatus {
    /// As the API writes it.
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

    /// Is the money neither here nor promised, or gone again?
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
    fn the_moves_are_those_of_the_contract_and_no_others() {
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
    fn an_order_is_cancelled_by_its_buyer_until_it_is_packed_and_by_the_shop_until_it_leaves() {
        let by = |by: CancelReason| {
            ALL.iter().filter(|s| s.check_cancellable(by).is_ok()).map(|s| s.name()).collect::<Vec<_>>()
        };
        assert_eq!(by(CancelReason::ByCustomer), ["pending", "confirmed"]);
        assert_eq!(by(CancelReason::ByShop), ["pending", "confirmed", "processing"]);
        assert_eq!(by(CancelReason::HoldExpired), ["pending"]);
        let refused = Status::Processing.check_cancellable(CancelReason::ByCustomer).unwrap_err();
        assert_eq!(refused.code, "illegal_transition");
    }

    #[test]
    fn a_status_is_named_as_it_is_written() {
        for status in ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        use PaymentStatus::*;
        for status in [Unpaid, Authorized, Paid, PartiallyRefunded, Refunded, Failed, Voided] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
    }
}
