//! The history of an order: a row per version, with what the order became by it. Append-only.

use serde::{Deserialize, Serialize};
use values::{Actor, Timestamp, Trace};

use crate::order::{Fulfilment, Order, PaymentStatus, Status};

/// What one change made of an order, by whom, why, and as part of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The order's version after the change.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Why, such as `placed` or `payment.authorized`.
    pub reason: String,
    /// The request that began it.
    pub correlation_id: String,
    /// How far the order had come then.
    pub status: Status,
    /// Where its money was then.
    pub payment_status: PaymentStatus,
    /// Where its goods were then.
    pub fulfilment_status: Fulfilment,
    /// Until when its stock was held then.
    pub hold_expires_at: Timestamp,
}

impl HistoryEntry {
    /// The line for an order that has just become what it is.
    pub(crate) fn of(order: &Order, trace: &Trace, reason: &str) -> Self {
        Self {
            version: order.version,
            at: order.updated_at,
            actor: trace.actor.clone(),
            reason: reason.to_owned(),
            correlation_id: trace.correlation_id.clone(),
            status: order.status,
            payment_status: order.payment_status,
            fulfilment_status: order.fulfilment_status,
            hold_expires_at: order.hold_expires_at,
        }
    }
}
