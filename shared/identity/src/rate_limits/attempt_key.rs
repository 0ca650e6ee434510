//! The keys under which one attempt is counted.

use values::{RateLimitStatus, Timestamp};

use crate::rate_limits::attempt_history::{AttemptHistory, CounterRow};
use crate::rate_limits::sliding_window::RateLimit;

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
    /// Counts the account, from this network, once it is known. Or from a known device, on whatever network.
    pub(crate) known: Counter,
    /// Whether the attempt comes from a known device.
    pub(crate) has_known_device: bool,
}

impl AttemptKey {
    /// The counters whose rows of the previous hour are read.
    pub(crate) fn counters(&self) -> [&Counter; 3] {
        [&self.network, &self.unknown, &self.known]
    }

    /// The counter of the account, for a known or an unknown network. A known device has its own on both.
    pub(crate) fn account_counter(&self, is_known: bool) -> &Counter {
        if is_known || self.has_known_device { &self.known } else { &self.unknown }
    }

    /// The stricter status of the two counters that were counted: the network's and the account's.
    pub(crate) fn status(
        &self,
        history: &AttemptHistory,
        account: &Counter,
        (network_row, account_row): &(CounterRow, CounterRow),
        now: Timestamp,
    ) -> RateLimitStatus {
        let network = self.network.limit.status(history.counts(network_row, now), now);
        network.and(account.limit.status(history.counts(account_row, now), now))
    }
}
