//! The part of an order's history that is in its own two rows: how it was placed, and its last changes. Pure.

use serde::{Deserialize, Serialize};
use values::{Actor, EventId, Timestamp, Trace};

use crate::status::{Fulfilment, PaymentStatus, Status};

/// The most changes that the row of an order has: it stays below a kilobyte.
const MAX_CHANGES: usize = 3;

/// The part of an order's history that is in its own two rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OwnHistory {
    /// How long its stock was held at first.
    pub(crate) hold_seconds: i64,
    /// Who placed it.
    pub(crate) actor: Actor,
    pub(crate) correlation_id: String,
    /// Its last changes without a note, oldest first.
    pub(crate) changes: Vec<Change>,
}

/// A change without a note: an entry of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "ChangeRow", into = "ChangeRow")]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) reason: String,
    pub(crate) correlation_id: String,
    pub(crate) causation_id: Option<EventId>,
    pub(crate) status: Status,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) payment_sequence: u64,
    pub(crate) fulfilment_status: Fulfilment,
    pub(crate) hold_expires_at: Timestamp,
}

/// A change in the row of an order, in the order of its fields: their names would be a third of it. Times are milliseconds since 1970.
type ChangeRow = (u64, i64, Actor, String, String, Option<EventId>, Status, PaymentStatus, u64, Fulfilment, i64);

impl From<ChangeRow> for Change {
    fn from(row: ChangeRow) -> Self {
        let (
            version,
            at,
            actor,
            reason,
            correlation_id,
            causation_id,
            status,
            payment_status,
            payment_sequence,
            fulfilment_status,
            hold_expires_at,
        ) = row;
        Self {
            version,
            at: Timestamp::from_millis(at),
            actor,
            reason,
            correlation_id,
            causation_id,
            status,
            payment_status,
            payment_sequence,
            fulfilment_status,
            hold_expires_at: Timestamp::from_millis(hold_expires_at),
        }
    }
}

impl From<Change> for ChangeRow {
    fn from(change: Change) -> Self {
        (
            change.version,
            change.at.millis(),
            change.actor,
            change.reason,
            change.correlation_id,
            change.causation_id,
            change.status,
            change.payment_status,
            change.payment_sequence,
            change.fulfilment_status,
            change.hold_expires_at.millis(),
        )
    }
}

impl OwnHistory {
    /// That of an order that is placed now.
    pub(crate) fn new(hold_seconds: i64, trace: &Trace) -> Self {
        let (actor, correlation_id) = (trace.actor.clone(), trace.correlation_id.clone());
        Self { hold_seconds, actor, correlation_id, changes: Vec::new() }
    }

    /// Adds a change. Returns the oldest one if there are too many.
    pub(crate) fn add(&mut self, change: Change) -> Option<Change> {
        self.changes.push(change);
        (self.changes.len() > MAX_CHANGES).then(|| self.changes.remove(0))
    }
}
