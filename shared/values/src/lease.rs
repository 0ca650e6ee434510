//! Who works at a job that takes more than one message, and until when that is taken for true.

use serde::{Deserialize, Serialize};

use crate::{EventId, Timestamp};

/// A worker's hold on a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The message that the worker has in hand. If the worker dies, that message comes again.
    by: EventId,
    until: Timestamp,
}

/// How a job is held, as a worker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseClaim {
    /// By nobody (any more).
    Free,
    /// For the worker's own message until then: its last receiver may be at it still.
    ByThis(Timestamp),
    /// For another message.
    ByAnother,
}

impl Lease {
    /// For the worker that has the message `by` in hand.
    pub fn taken(by: EventId, seconds: i64, now: Timestamp) -> Self {
        Self { by, until: now.plus_seconds(seconds) }
    }

    /// Does it still hold?
    pub fn holds(self, now: Timestamp) -> bool {
        now < self.until
    }

    /// What the last lease of a job, if there was one, means to the worker that has the message `by` in hand.
    pub fn seen(last: Option<Self>, by: EventId, now: Timestamp) -> LeaseClaim {
        match last.filter(|lease| lease.holds(now)) {
            None => LeaseClaim::Free,
            Some(lease) if lease.by == by => LeaseClaim::ByThis(lease.until),
            Some(_) => LeaseClaim::ByAnother,
        }
    }
}
