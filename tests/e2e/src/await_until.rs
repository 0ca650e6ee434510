//! Waiting for asynchronous work. A test never just sleeps: it says which state it awaits and how long that may take.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// For one or two messages through queues, workers and the mailbox, on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// For the end of a hold, or for a message that is retried.
pub const EVENTUALLY: Duration = Duration::from_secs(150);

const POLL: Duration = Duration::from_millis(200);

/// Polls until `look` returns `Ok`. Panics after `patience` with the last error.
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
