//! What one execution environment knows about the counters, and what it does next. Pure.

use std::collections::HashMap;

use values::{RateLimitStatus, Timestamp, Window};

use super::counter_row::CounterRow;

/// An environment never leases more than this, so that a new limit is spread over many environments.
const MAX_LEASE: u32 = 20;
/// Nor more than this share of the limit.
const MIN_LEASES_PER_LIMIT: u32 = 20;
/// The counters that an environment remembers. Forgetting one costs a write.
const MAX_ENTRIES: usize = 5_000;

/// A limit of requests, and how they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatePolicy {
    /// The length of the sliding window.
    pub window: Window,
    /// The most requests in a window.
    pub limit: u32,
    /// Whether each request is counted on its own, without leases.
    pub is_exact: bool,
}

impl RatePolicy {
    /// The largest lease.
    fn max_lease(self) -> u32 {
        if self.is_exact { 1 } else { MAX_LEASE.min(self.limit / MIN_LEASES_PER_LIMIT).max(1) }
    }

    pub(super) fn status(self, row: CounterRow, now: Timestamp) -> RateLimitStatus {
        row.status(self.window, self.limit, now)
    }
}

/// The next step for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The request may continue: an unused token was taken.
    Allow(RateLimitStatus),
    /// The request is refused, with what the counter leaves.
    Refuse(RateLimitStatus),
    /// Write this lease first.
    Lease(Lease),
}

/// Tokens to add to the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    /// The row as it was read last; none if it was not read in an earlier window or in this one.
    pub(super) known: Option<CounterRow>,
    /// The window in which the tokens are used.
    pub(super) window: i64,
    /// The count of the window before.
    pub(super) previous: u32,
    /// The number of tokens.
    pub(super) size: u32,
    /// The lease is possible while the count of the window is at most this.
    pub(super) most: u32,
}

/// What is known of one counter.
#[derive(Debug, Clone, Copy)]
struct Entry {
    row: Option<CounterRow>,
    /// The window in which tokens were leased and used.
    window: i64,
    used: u32,
    unused: u32,
    /// From then on, the entry says nothing about the present.
    ends: Timestamp,
}

/// The counters that this environment remembers, by digest.
#[derive(Debug, Default)]
pub(super) struct Leases(HashMap<String, Entry>);

impl Leases {
    /// Decides what a request does. An allowed one has taken its token.
    pub(super) fn next(&mut self, digest: &str, policy: RatePolicy, now: Timestamp) -> Step {
        let entry = self.entry(digest, policy, now);
        let row = entry.row.map_or(CounterRow::new(entry.window), |row| row.at(entry.window));
        let status = policy.status(row, now);
        if entry.unused > 0 {
            entry.unused -= 1;
            entry.used += 1;
            return Step::Allow(status.with_more(entry.unused));
        }
        let size = entry.used.clamp(1, policy.max_lease()).min(status.remaining());
        if size == 0 {
            return Step::Refuse(status);
        }
        let most = row.current + status.remaining() - size;
        Step::Lease(Lease { known: entry.row, window: row.window, previous: row.previous, size, most })
    }

    /// What a refused request has to wait for, if the row that was read last refuses; none if a request may be allowed. Takes no token.
    pub(super) fn refusal(&self, digest: &str, policy: RatePolicy, now: Timestamp) -> Option<RateLimitStatus> {
        let entry = self.0.get(digest)?;
        let row = entry.row?;
        let window = row.window.max(policy.window.index(now));
        let status = policy.status(row.at(window), now);
        let has_token = entry.window == window && entry.unused > 0;
        (!has_token && status.remaining() == 0).then_some(status)
    }

    /// Remembers the row as a lease left it, or as its condition failed on it. Tokens of a window that has ended meanwhile are lost.
    pub(super) fn finish(
        &mut self,
        digest: &str,
        policy: RatePolicy,
        lease: Lease,
        written: Result<CounterRow, Option<CounterRow>>,
        now: Timestamp,
    ) {
        let entry = self.entry(digest, policy, now);
        entry.row = written.map_or_else(|row| row, Some);
        if written.is_ok() && entry.window == lease.window {
            entry.unused += lease.size;
        }
    }

    /// The entry of a counter in the present window.
    fn entry(&mut self, digest: &str, policy: RatePolicy, now: Timestamp) -> &mut Entry {
        if self.0.len() >= MAX_ENTRIES && !self.0.contains_key(digest) {
            self.0.retain(|_, entry| entry.ends > now);
            if self.0.len() >= MAX_ENTRIES {
                self.0.clear();
            }
        }
        let index = policy.window.index(now);
        let new = Entry { row: None, window: index, used: 0, unused: 0, ends: now };
        let entry = self.0.entry(digest.to_owned()).or_insert(new);
        let window = entry.row.map_or(index, |row| row.window.max(index));
        if entry.window != window {
            *entry = Entry { row: entry.row, window, ..new };
        }
        entry.ends = policy.window.start(window + 2);
        entry
    }
}
