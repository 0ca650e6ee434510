//! Faults on request: calls of an operation fail by number or by chance, before or after they reach DynamoDB.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The call is not forwarded and is answered with a transaction conflict.
    TransactionConflict,
    /// The call is not forwarded and is answered with a throttling error.
    #[serde(rename = "throttle")]
    RateLimited,
    /// The call is not forwarded and is answered with a 500.
    InternalError,
    /// The call is not forwarded and its connection is closed, as if there were no database.
    Unavailable,
    /// The call is forwarded after `ms` milliseconds (1,000 if absent).
    Delay,
    /// The call is forwarded, then the connection is closed. The caller cannot know the result.
    TimeoutAfterCommit,
}

/// A fault, as `POST /_fake/faults` reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The operation to hit; all operations if absent.
    operation: Option<String>,
    /// The request must use a table whose name contains this.
    table_contains: Option<String>,
    /// The caller's name (`wire::caller`) must contain this.
    caller_contains: Option<String>,
    kind: Kind,
    /// Hits every nth matching call: 3 hits the third, the sixth, …; 1 if absent.
    every: Option<u64>,
    /// Alternative to `every`: hits each matching call with this probability, 0 to 1.
    chance: Option<f64>,
    /// The seed of `chance`. The same seed hits the same calls by their numbers.
    #[serde(default)]
    seed: u64,
    /// The fault ends after this many hits; never if absent.
    times: Option<u64>,
    /// The fault ends this many milliseconds after it was added; never if absent.
    for_ms: Option<u64>,
    /// Milliseconds, for `delay`.
    ms: Option<u64>,
    /// The number of matching calls so far.
    #[serde(skip_deserializing)]
    seen: u64,
    /// The number of hits so far.
    #[serde(skip_deserializing)]
    hit: u64,
    #[serde(skip, default = "Instant::now")]
    posted: Instant,
    #[serde(skip)]
    random: fastrand::Rng,
}

/// The fault that hits a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InjectedFault {
    pub(crate) kind: Kind,
    /// The delay before the call is forwarded.
    pub(crate) delay: Duration,
}

/// The active faults.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault.
    ///
    /// # Errors
    /// If the fault is invalid. The message is for the caller.
    pub(crate) fn add(&mut self, mut fault: Fault) -> Result<Fault, &'static str> {
        fault.check()?;
        fault.random.seed(fault.seed);
        self.0.push(fault.clone());
        Ok(fault)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The active faults with their counts. Expired faults are removed.
    pub(crate) fn all(&mut self) -> &[Fault] {
        self.0.retain(|fault| !fault.is_expired());
        &self.0
    }

    /// The fault that hits this call, if any. Every matching fault counts the call.
    pub(crate) fn next_for(&mut self, operation: &str, tables: &[String], caller: &str) -> Option<InjectedFault> {
        let mut injected = None;
        self.0.retain(|fault| !fault.is_expired());
        for fault in self.0.iter_mut().filter(|fault| fault.matches(operation, tables, caller)) {
            if fault.is_due() && injected.is_none() {
                fault.hit += 1;
                injected = Some(InjectedFault { kind: fault.kind, delay: fault.delay() });
            }
        }
        injected
    }
}

impl Fault {
    fn check(&self) -> Result<(), &'static str> {
        match (self.every, self.chance) {
            (Some(_), Some(_)) => Err("set either `every` or `chance`, not both"),
            (Some(0), None) => Err("`every` must be at least 1"),
            (None, Some(chance)) if !(0.0..=1.0).contains(&chance) => Err("`chance` must be between 0 and 1"),
            _ => Ok(()),
        }
    }

    fn is_expired(&self) -> bool {
        self.for_ms.is_some_and(|ms| self.posted.elapsed() >= Duration::from_millis(ms))
    }

    fn delay(&self) -> Duration {
        let ms = if self.kind == Kind::Delay { self.ms.unwrap_or(1_000) } else { 0 };
        Duration::from_millis(ms)
    }

    /// Counts a matching call. A random number is drawn for every call, so that only the call's number decides.
    fn is_due(&mut self) -> bool {
        self.seen += 1;
        let due = match self.chance {
            Some(chance) => self.random.f64() < chance,
            None => self.seen.is_multiple_of(self.every.unwrap_or(1)),
        };
        due && self.times.is_none_or(|times| self.hit < times)
    }

    fn matches(&self, operation: &str, tables: &[String], caller: &str) -> bool {
        self.operation.as_deref().is_none_or(|wanted| wanted == operation)
            && self.table_contains.as_deref().is_none_or(|part| tables.iter().any(|table| table.contains(part)))
            && self.caller_contains.as_deref().is_none_or(|part| caller.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn add(faults: &mut Faults, fault: Value) -> Result<Fault, &'static str> {
        faults.add(serde_json::from_value(fault).expect("a valid document"))
    }

    /// Which of these calls are hit.
    fn hits(fault: Value, calls: usize) -> Vec<bool> {
        let mut faults = Faults::default();
        add(&mut faults, fault).expect("a fault");
        (0..calls).map(|_| faults.next_for("PutItem", &[], "orders").is_some()).collect()
    }

    #[test]
    fn fault_hits_by_number_of_calls() {
        let every_third = [false, false, true, false, false, true];
        assert_eq!(hits(json!({ "kind": "throttle", "every": 3 }), 6), every_third);
        assert_eq!(hits(json!({ "kind": "throttle", "times": 2 }), 4), [true, true, false, false]);
    }

    #[test]
    fn same_seed_hits_the_same_calls() {
        let hits = |chance: f64, seed: u64| hits(json!({ "kind": "throttle", "chance": chance, "seed": seed }), 1_000);
        assert_eq!(hits(0.3, 7), hits(0.3, 7));
        assert_ne!(hits(0.3, 7), hits(0.3, 8));
        let count = hits(0.3, 7).into_iter().filter(|hit| *hit).count();
        assert!((240..360).contains(&count), "about 300 of 1000 calls should be hit, not {count}");
        assert!(!hits(0.0, 1).contains(&true) && !hits(1.0, 1).contains(&false));
    }

    #[test]
    fn fault_ends_after_its_time() {
        let mut faults = Faults::default();
        add(&mut faults, json!({ "kind": "unavailable", "for_ms": 100 })).expect("a fault");
        let mut next_kind = || faults.next_for("Query", &[], "").map(|fault| fault.kind);
        assert_eq!([next_kind(), next_kind()], [Some(Kind::Unavailable); 2]);
        std::thread::sleep(Duration::from_millis(110));
        assert_eq!(next_kind(), None);
        assert!(faults.all().is_empty());
    }

    #[test]
    fn invalid_fault_is_refused() {
        let mut faults = Faults::default();
        for invalid in [json!({ "every": 2, "chance": 0.5 }), json!({ "every": 0 }), json!({ "chance": 1.5 })] {
            let mut fault = invalid.clone();
            fault["kind"] = "throttle".into();
            assert!(add(&mut faults, fault).is_err(), "{invalid}");
        }
        assert!(faults.all().is_empty());
    }
}
