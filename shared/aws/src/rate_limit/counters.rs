//! Takes tokens from the counters in the table.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use values::{Clock, Error, RateLimitStatus, Result};

use super::counter_row::CounterRow;
use super::leases::{Lease, Leases, RatePolicy, Step};
use crate::{Key, Table, Write, fault};

/// A lease meets another one of the same counter at the begin of a window at most, so more attempts mean a bug.
const MAX_ATTEMPTS: usize = 5;
/// The longest that a request waits for its token.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The counters, with the leases of this execution environment. Cheap to clone; clones share the leases.
#[derive(Debug, Clone)]
pub struct RateCounters {
    table: Table,
    clock: Clock,
    leases: Arc<Mutex<Leases>>,
}

impl RateCounters {
    /// Counts in the identity table.
    pub fn new(table: Table, clock: Clock) -> Self {
        Self { table, clock, leases: Arc::default() }
    }

    /// Takes a token for a request of the caller behind `digest`. Returns what is left, or what a refused request has to wait for.
    /// Usually 0 or 1 write; 2 in a new window.
    ///
    /// # Errors
    /// When the table does not answer within half a second. Then the request should continue.
    pub async fn take(&self, digest: &str, policy: RatePolicy) -> Result<Result<RateLimitStatus, RateLimitStatus>> {
        let taking = tokio::time::timeout(TIMEOUT, self.take_or_lease(digest, policy)).await;
        taking.unwrap_or_else(|elapsed| Err(Error::unavailable("database", elapsed)))
    }

    /// What a request of the caller behind `digest` has to wait for, if this execution environment knows that it would be refused. No call
    /// and no token.
    pub fn known_refusal(&self, digest: &str, policy: RatePolicy) -> Option<RateLimitStatus> {
        self.leases().refusal(digest, policy, self.clock.now())
    }

    async fn take_or_lease(
        &self,
        digest: &str,
        policy: RatePolicy,
    ) -> Result<Result<RateLimitStatus, RateLimitStatus>> {
        for _ in 0..MAX_ATTEMPTS {
            let now = self.clock.now();
            let step = self.leases().next(digest, policy, now);
            let lease = match step {
                Step::Allow(status) => return Ok(Ok(status)),
                Step::Refuse(status) if fault::mutant("limiter_ignores_limit") => return Ok(Ok(status)),
                Step::Refuse(status) => return Ok(Err(status)),
                Step::Lease(lease) => lease,
            };
            let written = self.write(digest, policy, lease)?.run_reading::<CounterRow>().await?;
            let written = match written {
                Ok(row) => Ok(row),
                Err(failure) => Err(failure.row()?),
            };
            self.leases().finish(digest, policy, lease, written, self.clock.now());
        }
        Err(Error::unavailable("database", "a counter changed during each attempt to lease from it"))
    }

    fn write(&self, digest: &str, policy: RatePolicy, lease: Lease) -> Result<Write> {
        let key = Key::new(format!("LIMIT#{digest}"), "LIMIT");
        let write = match lease.known {
            Some(known) if known.window < lease.window => {
                let roll = "SET w = :w, p = :p, n = :size, expiresAt = :end";
                let roll = Write::update(&self.table, key, roll).when("w = :old AND n = :count");
                roll.value(":old", known.window)?.value(":count", known.current)?
            }
            _ => {
                let add = Write::update(&self.table, key, "SET w = :w, p = :p, expiresAt = :end ADD n :size");
                let has_room = "attribute_not_exists(pk) OR (w = :w AND p = :p AND n <= :most)";
                add.when(has_room).value(":most", lease.most)?
            }
        };
        // The row is needed until the end of the next window.
        let end = policy.window.start(lease.window + 2).seconds();
        write.value(":w", lease.window)?.value(":p", lease.previous)?.value(":size", lease.size)?.value(":end", end)
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
