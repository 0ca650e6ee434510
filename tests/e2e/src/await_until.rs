//! Waiting for asynchronous work. A test never just sleeps: it says which state it awaits and how long that may take.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// For one or two messages through queues, workers and the mailbox, on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// For the end of a hold, or for a message that is retried.
pub const EVENTUALLY: Duration = Duration::from_secs(150);

/// The shortest and the longest pause between two polls.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];

/// Polls until `look` returns `Ok`. Panics after `patience` with the last error. A pause is a tenth of the time so far, because polls take
/// the time of the processor from the awaited work.
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
            Err(_) => tokio::time::sleep((begun.elapsed() / 10).clamp(PAUSES[0], PAUSES[1])).await,
        }
    }
}
