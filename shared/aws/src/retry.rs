//! The retry budget of writes that met another transaction: full jitter, so that the rivals part.

use std::time::{Duration, Instant};

/// In all; less than a function's timeout leaves, more than a crowd on one SKU needs.
const BUDGET: Duration = Duration::from_secs(4);
const FIRST_PAUSE_MS: u64 = 15;
const LONGEST_PAUSE_MS: u64 = 400;

/// Pauses of random length below a doubling bound (Exponential Backoff And Jitter, AWS Architecture Blog, 2015).
#[derive(Debug)]
pub struct Backoff {
    until: Instant,
    bound_ms: u64,
}

impl Backoff {
    /// The budget begins to run.
    pub fn start() -> Self {
        Self { until: Instant::now() + BUDGET, bound_ms: FIRST_PAUSE_MS }
    }

    /// Waits; false, at once, when the budget is spent.
    pub async fn wait(&mut self) -> bool {
        let pause = Duration::from_millis(1 + fastrand::u64(0..self.bound_ms));
        self.bound_ms = (self.bound_ms * 2).min(LONGEST_PAUSE_MS);
        if Instant::now() + pause >= self.until {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}
