//! Calls a provider by the row of its circuit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::timeout;
use tracing::{info, warn};
use values::{Clock, Error, Kind, Result, Timestamp};

use super::circuit::{Change, Circuit, Condition, Step};
use crate::{Key, Table, Write};

/// The longest that a call waits for the row.
const ROW_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a row stays after its open time, in seconds.
const ROW_SECONDS: i64 = 24 * 60 * 60;

/// The circuit breaker of a provider. Cheap to clone; clones share what they know.
#[derive(Debug, Clone)]
pub struct CircuitBreaker {
    table: Table,
    clock: Clock,
    provider: &'static str,
    circuit: Arc<Mutex<Circuit>>,
}

/// The row.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// In milliseconds since 1970.
    open_until: Option<i64>,
}

impl Row {
    fn open_until(row: Option<Self>) -> Option<Timestamp> {
        row?.open_until.map(Timestamp::from_millis)
    }
}

impl CircuitBreaker {
    /// The breaker of `provider`, such as `tax`, with its row in `table`. The name is part of a table key.
    pub fn new(table: Table, clock: Clock, provider: &'static str) -> Self {
        Self { table, clock, provider, circuit: Arc::default() }
    }

    /// Calls the provider, which has to answer within `limit`, which is less than ten seconds. 503 without a call while the circuit is open.
    /// A call is an outage if it takes longer, or if its error is one ([`Error::is_outage`]). 0 round trips while the provider answers.
    pub async fn call<T>(&self, limit: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
        let lease = self.admit().await?;
        let answer = timeout(limit, call).await;
        let answer = answer.unwrap_or_else(|elapsed| Err(Error::unavailable("provider", elapsed)));
        self.finish(lease, answer.as_ref().is_err_and(Error::is_outage)).await;
        answer
    }

    /// Decides whether a call may go on. Returns the end of its lease if it is the probe.
    async fn admit(&self) -> Result<Option<Timestamp>> {
        let now = self.clock.now();
        let mut step = self.circuit().next(now);
        if step == Step::Read {
            step = match self.read().await {
                Ok(open_until) => self.circuit().learn(open_until, now),
                Err(error) => self.without_row(&error),
            };
        }
        if let Step::Lease(change) = step {
            step = match self.write(change).await {
                Ok(Ok(())) => return Ok(change.to),
                Ok(Err(open_until)) => self.circuit().learn(open_until, now),
                Err(error) => self.without_row(&error),
            };
        }
        match step {
            Step::Call => Ok(None),
            Step::Refuse(until) => Err(self.refusal(until, now)),
            // Others were faster twice, so one of them calls the provider now.
            Step::Read | Step::Lease(_) => Err(self.refusal(now, now)),
        }
    }

    /// Counts a call that has ended, and writes the row if that changes it.
    async fn finish(&self, lease: Option<Timestamp>, is_outage: bool) {
        let now = self.clock.now();
        let change = match lease {
            Some(lease) => Some(self.circuit().end_probe(lease, is_outage, now)),
            None => self.circuit().count(is_outage, now),
        };
        let Some(change) = change else { return };
        let open_until = match self.write(change).await {
            Ok(Ok(())) => {
                match change.to {
                    Some(_) => warn!(dependency = self.provider, "circuit opened"),
                    None => info!(dependency = self.provider, "circuit closed"),
                }
                change.to
            }
            Ok(Err(open_until)) => open_until,
            Err(error) => {
                self.without_row(&error);
                return;
            }
        };
        self.circuit().learn(open_until, now);
    }

    /// Without the row, the provider is called.
    fn without_row(&self, error: &Error) -> Step {
        warn!(dependency = self.provider, error.code = error.code, error.cause = error.causes(), "circuit not known");
        Step::Call
    }

    fn refusal(&self, until: Timestamp, now: Timestamp) -> Error {
        let seconds = u32::try_from(until.seconds() - now.seconds()).unwrap_or_default().max(1);
        let cause = format!("the circuit of the provider {} is open", self.provider);
        Error { kind: Kind::Unavailable(seconds), ..Error::unavailable("provider", cause) }
    }

    /// The end of the open time. 1 round trip.
    async fn read(&self) -> Result<Option<Timestamp>> {
        in_time(self.table.get::<Row>(self.key())).await.map(Row::open_until)
    }

    /// Writes a change. `Ok(Err(_))`: its condition failed on this end of the open time. If the answer of a write was lost, the SDK repeats
    /// it, and its condition fails: then nobody has the lease, until it is over. 1 round trip.
    async fn write(&self, change: Change) -> Result<Result<(), Option<Timestamp>>> {
        let write = match change.to {
            Some(until) => {
                let set = "SET openUntil = :until, expiresAt = :end";
                let end = until.plus_seconds(ROW_SECONDS).seconds();
                Write::update(&self.table, self.key(), set).value(":until", until.millis())?.value(":end", end)?
            }
            None => Write::update(&self.table, self.key(), "REMOVE openUntil"),
        };
        let write = match change.condition {
            Condition::NotOpenAt(now) => {
                write.when("attribute_not_exists(openUntil) OR openUntil <= :now").value(":now", now.millis())?
            }
            Condition::OpenUntil(until) => write.when("openUntil = :before").value(":before", until.millis())?,
        };
        match in_time(write.run()).await? {
            Ok(()) => Ok(Ok(())),
            Err(failure) => Ok(Err(Row::open_until(failure.row()?))),
        }
    }

    fn key(&self) -> Key {
        Key::new(format!("BREAKER#{}", self.provider), "BREAKER")
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn in_time<T>(access: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(ROW_TIMEOUT, access).await.unwrap_or_else(|elapsed| Err(Error::unavailable("database", elapsed)))
}
