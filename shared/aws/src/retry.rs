//! The retry budget of a write that meets concurrent updates. The pauses have full jitter, so that the competing writers spread out.

use std::time::{Duration, Instant};

/// For all attempts of one write. It is shorter than a function's timeout, and longer than many buyers of one SKU need.
pub(crate) const BUDGET: Duration = Duration::from_secs(4);
const FIRST_BOUND_MS: u64 = 15;
const MAX_BOUND_MS: u64 = 400;

/// Pauses of random length below a doubling bound (Exponential Backoff And Jitter, AWS Architecture Blog, 2015).
#[derive(Debug)]
pub(crate) struct Backoff {
    until: Instant,
    bound_ms: u64,
}

impl Backoff {
    /// Starts the budget.
    pub(crate) fn start() -> Self {
        Self::within(BUDGET)
    }

    /// Starts another budget.
    pub(crate) fn within(budget: Duration) -> Self {
        Self { until: Instant::now() + budget, bound_ms: FIRST_BOUND_MS }
    }

    /// Adds time that was not spent on commits and pauses.
    pub(crate) fn extend(&mut self, time: Duration) {
        self.until += time;
    }

    /// Waits before the next attempt. Returns false at once when the budget is spent.
    pub(crate) async fn wait(&mut self) -> bool {
        let pause = Duration::from_millis(1 + fastrand::u64(0..self.bound_ms));
        self.bound_ms = (self.bound_ms * 2).min(MAX_BOUND_MS);
        if Instant::now() + pause >= self.until {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}
