//! The counters of rate limits, as every HTTP function uses them: rows `LIMIT#<keyed digest>` / `LIMIT` of the identity table.
//!
//! A request takes a token. An execution environment leases tokens from the row and uses them for its next requests, so that most
//! requests of a busy caller cost no write. Nothing returns unused tokens; they end with the window.
//!
//! - What is leased is counted, so the tokens in use never exceed the limit.
//! - A lease is at most as large as what the environment has used in this window, so less than twice the use is counted.
//! - A refused request is not counted. The counts of a window only grow, so the row that was read last can refuse without a write.
//!
//! | access | condition | cost |
//! |---|---|---|
//! | lease | same window, same previous count, and the count leaves room | 1 W; 0 while leased tokens are left |
//! | begin a window | the row is the one that was read | 1 W, and 1 W for the lease that found the old window |
//! | refuse | | 1 W for the lease that found no room; 0 until there may be room |

mod counter_row;
mod counters;
mod leases;
#[cfg(test)]
mod tests;

pub use counters::RateCounters;
pub use leases::RatePolicy;
