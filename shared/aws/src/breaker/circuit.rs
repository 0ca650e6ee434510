//! What one execution environment knows about a provider, and what it does next. Pure.

use std::collections::VecDeque;

use values::Timestamp;

/// The last calls that are counted. At least a half of so many have to be outages.
pub(super) const COUNTED_CALLS: usize = 10;
/// An older call says nothing about the present.
const MAX_AGE_SECONDS: i64 = 300;
/// How long an open circuit refuses all calls.
pub(super) const OPEN_SECONDS: i64 = 30;
/// How long a lease of the probe is. It is longer than any call, and is over if its holder has crashed.
pub(super) const LEASE_SECONDS: i64 = 10;

/// What comes next for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Call the provider.
    Call,
    /// Read the row: another environment may have opened or closed the circuit.
    Read,
    /// Lease the probe by this change. `to` is then the end of the lease.
    Lease(Change),
    /// Refuse the call. The circuit is open until then.
    Refuse(Timestamp),
}

/// A conditional write of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) condition: Condition,
    /// The new end of the open time; none closes the circuit.
    pub(super) to: Option<Timestamp>,
}

/// What the row has to say for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// The circuit is not open at that time.
    NotOpenAt(Timestamp),
    /// Nothing was written since it said this.
    OpenUntil(Timestamp),
}

/// What an environment knows. Its first call finds it empty: a closed circuit.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    /// The last calls, the oldest first: when each ended, and whether it was an outage.
    calls: VecDeque<(Timestamp, bool)>,
    /// Was the last call an outage?
    is_suspect: bool,
    /// The end of the open time, as the row said it last; none if the circuit is closed.
    open_until: Option<Timestamp>,
}

impl Circuit {
    /// What comes next for a call.
    pub(super) fn next(&self, now: Timestamp) -> Step {
        match self.open_until {
            Some(until) if now < until => Step::Refuse(until),
            None if !self.is_suspect => Step::Call,
            _ => Step::Read,
        }
    }

    /// Remembers what the row says: the end of the open time, none if the circuit is closed. Returns what comes next for a call.
    pub(super) fn learn(&mut self, open_until: Option<Timestamp>, now: Timestamp) -> Step {
        self.open_until = open_until;
        let Some(until) = open_until else { return Step::Call };
        // When the circuit is closed again, counting begins again.
        self.calls.clear();
        match now < until {
            true => Step::Refuse(until),
            false => Step::Lease(Change {
                condition: Condition::OpenUntil(until),
                to: Some(now.plus_seconds(LEASE_SECONDS)),
            }),
        }
    }

    /// Counts a call that was no probe. Returns the change that opens the circuit, if there are too many outages.
    pub(super) fn count(&mut self, is_outage: bool, now: Timestamp) -> Option<Change> {
        self.is_suspect = is_outage;
        self.calls.push_back((now, is_outage));
        let oldest = now.plus_seconds(-MAX_AGE_SECONDS);
        while self.calls.len() > COUNTED_CALLS || self.calls.front().is_some_and(|(at, _)| *at < oldest) {
            self.calls.pop_front();
        }
        let outages = self.calls.iter().filter(|(_, is_outage)| *is_outage).count();
        let is_down = is_outage && self.calls.len() == COUNTED_CALLS && outages * 2 >= COUNTED_CALLS;
        is_down.then(|| Change { condition: Condition::NotOpenAt(now), to: Some(now.plus_seconds(OPEN_SECONDS)) })
    }

    /// The change that ends a probe whose lease ends at `lease`: it closes the circuit, or opens it again after an outage.
    pub(super) fn end_probe(&mut self, lease: Timestamp, is_outage: bool, now: Timestamp) -> Change {
        self.is_suspect = is_outage;
        let to = is_outage.then(|| now.plus_seconds(OPEN_SECONDS));
        Change { condition: Condition::OpenUntil(lease), to }
    }
}
