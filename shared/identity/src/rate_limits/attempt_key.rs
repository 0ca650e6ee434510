//! The keys under which one attempt is counted.

use values::Timestamp;

use crate::rate_limits::attempt_history::{AttemptHistory, CounterRow};
use crate::rate_limits::sliding_window::{RateLimit, RateLimitStatus};

/// A counter: the row in which attempts are counted, and its limit.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    pub(crate) digest: String,
    pub(crate) limit: RateLimit,
}

/// The keyed digests of an attempt: of the account that it names, of its network, and of its three counters.
#[derive(Debug, Clone)]
pub(crate) struct AttemptKey {
    pub(crate) account: String,
    /// The network, for this account only.
    pub(crate) known_network: String,
    /// Counts the network, whatever account it names.
    pub(crate) network: Counter,
    /// Counts the account, from all unknown networks together.
    pub(crate) unknown: Counter,
    /// Counts the account, from this network, once it is known.
    pub(crate) known: Counter,
}

impl AttemptKey {
    /// The counters whose rows of the previous hour are read.
    pub(crate) fn counters(&self) -> [&Counter; 3] {
        [&self.network, &self.unknown, &self.known]
    }

    /// The counter of the account, for a known or an unknown network.
    pub(crate) fn account_counter(&self, is_known: bool) -> &Counter {
        if is_known { &self.known } else { &self.unknown }
    }

    /// The stricter status of the two counters that were counted: the network's and the account's.
    pub(crate) fn status(
        &self,
        history: &AttemptHistory,
        account: &Counter,
        (network_row, account_row): &(CounterRow, CounterRow),
        now: Timestamp,
    ) -> RateLimitStatus {
        let network = RateLimitStatus::of(self.network.limit, history.counts(network_row, now), now);
        network.and(RateLimitStatus::of(account.limit, history.counts(account_row, now), now))
    }
}
