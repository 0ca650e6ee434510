//! Ids in Stripe's format. They are unique, also across restarts of the fake, because souk still knows the old ones.

use crate::now_ms;

/// Generates ids.
#[derive(Debug)]
pub(crate) struct Ids {
    run: u64,
    count: u64,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self { run: now_ms(), count: 0 }
    }

    /// `pi_3fake018f…0001`.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}_3fake{:012x}{:06}", self.run, self.count)
    }
}
