//! The outcome of a counted attempt, with the caller's rate limit status.

use values::{RateLimitStatus, Result};

/// An outcome and the status after it was counted.
#[derive(Debug)]
pub struct RateLimited<T> {
    /// For the headers of the answer.
    pub status: RateLimitStatus,
    /// The outcome of the work; 429 `rate_limited` if the limit was exceeded.
    pub outcome: Result<T>,
}

impl<T> RateLimited<T> {
    /// Does the work unless the limit is exceeded.
    pub(crate) async fn run(status: RateLimitStatus, work: impl Future<Output = Result<T>>) -> Self {
        let outcome = match status.require() {
            Ok(()) => work.await,
            Err(error) => Err(error),
        };
        Self { status, outcome }
    }
}
