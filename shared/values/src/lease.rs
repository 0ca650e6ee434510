//! The lease of a job that takes more than one message: which message may work on it, and until when.

use serde::{Deserialize, Serialize};

use crate::{EventId, Timestamp};

/// A worker's exclusive claim on a job, for a limited time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The message that the worker is handling. If the worker dies, the queue delivers that message again.
    #[serde(rename = "by")]
    message: EventId,
    #[serde(rename = "until")]
    expires_at: Timestamp,
}

/// The state of a job's lease, from the point of view of the worker that handles one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseStatus {
    /// There is no active lease.
    Free,
    /// The lease belongs to this same message until that time. An earlier receiver may still be working on it.
    HeldByThis(Timestamp),
    /// The lease belongs to another message.
    HeldByOther,
}

impl Lease {
    /// A lease for the worker that handles `message`.
    pub fn new(message: EventId, seconds: i64, now: Timestamp) -> Self {
        Self { message, expires_at: now.plus_seconds(seconds) }
    }

    /// Is the lease still active at `now`?
    pub fn is_active(self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// What the last lease of a job, if there was one, means to the worker that handles `message`.
    pub fn status(last: Option<Self>, message: EventId, now: Timestamp) -> LeaseStatus {
        match last.filter(|lease| lease.is_active(now)) {
            None => LeaseStatus::Free,
            Some(lease) if lease.message == message => LeaseStatus::HeldByThis(lease.expires_at),
            Some(_) => LeaseStatus::HeldByOther,
        }
    }
}
