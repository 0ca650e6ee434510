//! Waiting for what happens by itself. Never a bare sleep: a test says what it waits for and how long it may take.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// For what takes a message or two: queues, workers and the mailbox, on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// For what takes a hold to end, or a message to be tried again and again.
pub const EVENTUALLY: Duration = Duration::from_secs(150);

const POLL: Duration = Duration::from_millis(200);

/// Looks until there is something to see; fails after `patience` with what was seen last.
pub async fn await_until<T>(
    what: impl Display,
    patience: Duration,
    mut look: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(seen) => return seen,
            Err(instead) if begun.elapsed() > patience => {
                panic!("Waited {} s until {what}; at the end: {instead}", patience.as_secs())
            }
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}
