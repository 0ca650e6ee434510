//! Faults on request: every nth call of an operation, or each by chance, fails before it reaches DynamoDB or after.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Not forwarded; another transaction holds the item.
    TransactionConflict,
    /// Not forwarded; too many calls.
    Throttle,
    /// Not forwarded; 500.
    InternalError,
    /// Not forwarded; the connection is closed, as by a database that is not there.
    Unavailable,
    /// Forwarded, `ms` later than it came (1,000 if absent).
    Delay,
    /// Forwarded, then the connection is closed: the caller cannot know.
    TimeoutAfterCommit,
}

/// A fault, as `POST /_fake/faults` takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Every operation if absent.
    operation: Option<String>,
    /// A part of a table's name that the request has to touch.
    table_contains: Option<String>,
    /// The caller (see `wire::caller`) has to contain this.
    caller_contains: Option<String>,
    kind: Kind,
    /// 3: the third, the sixth, … of the calls that fit; 1 if absent.
    every: Option<u64>,
    /// Instead: each of the calls that fit with this probability, 0 to 1.
    chance: Option<f64>,
    /// Of the chance: the same seed hits the same calls by their number.
    #[serde(default)]
    seed: u64,
    /// How many calls are hit before the fault is over; for ever if absent.
    times: Option<u64>,
    /// The fault is over so long after it was posted; never if absent.
    for_ms: Option<u64>,
    /// For `delay`.
    ms: Option<u64>,
    /// Calls that fitted so far.
    #[serde(skip_deserializing)]
    seen: u64,
    /// Calls that were hit so far.
    #[serde(skip_deserializing)]
    hit: u64,
    #[serde(skip, default = "Instant::now")]
    posted: Instant,
    #[serde(skip)]
    random: fastrand::Rng,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InjectedFault {
    pub(crate) kind: Kind,
    /// Before anything else.
    pub(crate) delay: Duration,
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Takes a fault in.
    ///
    /// # Errors
    /// What is wrong with it, for whoever sent it.
    pub(crate) fn add(&mut self, mut fault: Fault) -> Result<Fault, &'static str> {
        fault.check()?;
        fault.random.seed(fault.seed);
        self.0.push(fault.clone());
        Ok(fault)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// With what they did so far; those that had their time are gone.
    pub(crate) fn all(&mut self) -> &[Fault] {
        self.0.retain(|fault| !fault.is_expired());
        &self.0
    }

    /// Is this call hit, and by what? Every fault that fits counts it.
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
            (Some(_), Some(_)) => Err("either every or chance"),
            (Some(0), None) => Err("every: the first is 1"),
            (None, Some(chance)) if !(0.0..=1.0).contains(&chance) => Err("chance: from 0 to 1"),
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

    /// Counts a call that fits. The dice are thrown for each one, so that a call's number alone decides.
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
        faults.add(serde_json::from_value(fault).expect("it is read"))
    }

    /// Which of so many calls are hit.
    fn hits(fault: Value, calls: usize) -> Vec<bool> {
        let mut faults = Faults::default();
        add(&mut faults, fault).expect("a fault");
        (0..calls).map(|_| faults.next_for("PutItem", &[], "orders").is_some()).collect()
    }

    #[test]
    fn every_third_call_or_the_first_two() {
        let every_third = [false, false, true, false, false, true];
        assert_eq!(hits(json!({ "kind": "throttle", "every": 3 }), 6), every_third);
        assert_eq!(hits(json!({ "kind": "throttle", "times": 2 }), 4), [true, true, false, false]);
    }

    #[test]
    fn chance_follows_its_seed() {
        let hits = |chance: f64, seed: u64| hits(json!({ "kind": "throttle", "chance": chance, "seed": seed }), 1_000);
        assert_eq!(hits(0.3, 7), hits(0.3, 7));
        assert_ne!(hits(0.3, 7), hits(0.3, 8));
        let count = hits(0.3, 7).into_iter().filter(|hit| *hit).count();
        assert!((240..360).contains(&count), "three of ten, and not {count} of 1000");
        assert!(!hits(0.0, 1).contains(&true) && !hits(1.0, 1).contains(&false));
    }

    #[test]
    fn a_fault_ends_by_itself() {
        let mut faults = Faults::default();
        add(&mut faults, json!({ "kind": "unavailable", "for_ms": 100 })).expect("a fault");
        let mut next_kind = || faults.next_for("Query", &[], "").map(|fault| fault.kind);
        assert_eq!([next_kind(), next_kind()], [Some(Kind::Unavailable); 2]);
        std::thread::sleep(Duration::from_millis(110));
        assert_eq!(next_kind(), None);
        assert!(faults.all().is_empty());
    }

    #[test]
    fn a_fault_makes_sense_or_is_refused() {
        let mut faults = Faults::default();
        for invalid in [json!({ "every": 2, "chance": 0.5 }), json!({ "every": 0 }), json!({ "chance": 1.5 })] {
            let mut fault = invalid.clone();
            fault["kind"] = "throttle".into();
            assert!(add(&mut faults, fault).is_err(), "{invalid}");
        }
        assert!(faults.all().is_empty());
    }
}
