//! Circuit breakers: while a provider outside AWS is down, its calls are refused at once instead of one by one after a timeout. All
//! execution environments share one row for each provider: `BREAKER#<provider>` / `BREAKER` of the table of its context.
//!
//! Each environment counts its own calls. At an outage that makes at least a half of its last ten calls outages, it opens the circuit for
//! 30 seconds. Then one environment leases the only probe: a call that closes the circuit, or opens it again. A lease that nobody ends is
//! over after ten seconds.
//!
//! - An answer of the provider is no outage, whatever it says.
//! - An environment reads the row only after an outage of its own, so each of them meets one outage before it knows of an open circuit.
//! - If the table does not answer, the provider is called.
//!
//! | access | condition | cost |
//! |---|---|---|
//! | call a provider that answers | | 0 |
//! | call after an outage | | 1 R; 0 while the circuit is known to be open |
//! | open | the circuit is not open | 1 W |
//! | lease the probe | the open time is the one that was read | 1 W |
//! | end the probe | the open time is still that of the lease | 1 W |

mod circuit;
mod circuit_breaker;
#[cfg(test)]
mod tests;

pub use circuit_breaker::CircuitBreaker;
