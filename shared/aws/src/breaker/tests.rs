//! Many execution environments share one row, by a clock that the tests set. Then the breaker itself, with a table that answers as the
//! tests say.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use values::{Clock, Error, Kind, Result, Timestamp};

use super::CircuitBreaker;
use super::circuit::{COUNTED_CALLS, Change, Circuit, Condition, LEASE_SECONDS, OPEN_SECONDS, Step};
use crate::scripted_table::scripted_table;

const START: i64 = 1_800_000_000_000;
const ENVIRONMENTS: usize = 8;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

/// The row in the table, and how often it was used.
#[derive(Debug, Default)]
struct Row {
    open_until: Option<Timestamp>,
    uses: u32,
}

impl Row {
    fn read(&mut self) -> Option<Timestamp> {
        self.uses += 1;
        self.open_until
    }

    /// Does what the conditional write does.
    fn write(&mut self, change: Change) -> Result<(), Option<Timestamp>> {
        self.uses += 1;
        let holds = match change.condition {
            Condition::NotOpenAt(now) => self.open_until.is_none_or(|until| until <= now),
            Condition::OpenUntil(until) => self.open_until == Some(until),
        };
        if !holds {
            return Err(self.open_until);
        }
        self.open_until = change.to;
        Ok(())
    }
}

/// A call under way.
#[derive(Debug, Clone, Copy)]
struct Call {
    environment: usize,
    is_outage: bool,
    /// The end of its lease, if it is the probe.
    lease: Option<Timestamp>,
}

/// The environments, and the row that they share.
#[derive(Debug, Default)]
struct Fleet {
    row: Row,
    circuits: [Circuit; ENVIRONMENTS],
}

impl Fleet {
    /// Begins a call. None if it is refused.
    fn begin(&mut self, environment: usize, is_outage: bool, now: Timestamp) -> Option<Call> {
        let circuit = &mut self.circuits[environment];
        let mut step = circuit.next(now);
        if step == Step::Read {
            step = circuit.learn(self.row.read(), now);
        }
        if let Step::Lease(change) = step {
            step = match self.row.write(change) {
                Ok(()) => return Some(Call { environment, is_outage, lease: change.to }),
                Err(open_until) => circuit.learn(open_until, now),
            };
        }
        (step == Step::Call).then_some(Call { environment, is_outage, lease: None })
    }

    fn end(&mut self, call: Call, now: Timestamp) {
        let circuit = &mut self.circuits[call.environment];
        let change = match call.lease {
            Some(lease) => Some(circuit.end_probe(lease, call.is_outage, now)),
            None => circuit.count(call.is_outage, now),
        };
        if let Some(change) = change {
            let written = self.row.write(change);
            circuit.learn(written.map_or_else(|open_until| open_until, |()| change.to), now);
        }
    }

    /// One call that ends at once. Returns whether it was allowed.
    fn call(&mut self, environment: usize, is_outage: bool, now: Timestamp) -> bool {
        let call = self.begin(environment, is_outage, now);
        if let Some(call) = call {
            self.end(call, now);
        }
        call.is_some()
    }

    fn is_open(&self, now: Timestamp) -> bool {
        self.row.open_until.is_some_and(|until| now < until)
    }
}

/// A fleet whose first environment has just opened the circuit, at the start.
fn opened() -> Fleet {
    let mut fleet = Fleet::default();
    assert!((0..COUNTED_CALLS).all(|_| fleet.call(0, true, at(0))));
    assert_eq!(fleet.row.open_until, Some(at(OPEN_SECONDS * 1000)));
    fleet
}

#[test]
fn provider_that_answers_costs_no_access() {
    let mut fleet = Fleet::default();
    for call in 0..1_000 {
        assert!(fleet.call(0, false, at(call)));
    }
    assert_eq!(fleet.row.uses, 0);
}

#[test]
fn half_of_the_last_ten_calls_open_the_circuit_at_an_outage() {
    for (calls, opens) in [
        ("xxxxxxxxx", false),
        ("xxxxxxxxxx", true),
        (".....xxxx.", false),
        (".....xxxxx", true),
        // An answer opens nothing, and the next outage does.
        ("xxxxx.....", false),
        ("xxxxx.....x", true),
        ("xxxx......x", false),
        (".x.x.x.x.x", true),
    ] {
        let mut fleet = Fleet::default();
        assert!(calls.chars().all(|call| fleet.call(0, call == 'x', at(0))), "{calls}");
        assert_eq!(fleet.is_open(at(0)), opens, "{calls}");
    }
}

#[test]
fn old_outages_do_not_count() {
    let mut fleet = Fleet::default();
    assert!((0..COUNTED_CALLS).all(|call| fleet.call(0, true, at(i64::try_from(call).unwrap() * 34_000))));
    assert_eq!(fleet.row.open_until, None, "the first call was 306 seconds before the last one");
}

#[test]
fn other_environment_knows_after_one_outage() {
    let mut fleet = opened();
    let uses = fleet.row.uses;
    assert!(fleet.call(1, true, at(1)), "it does not know yet");
    assert!((2..1_000).all(|millis| !fleet.call(1, true, at(millis))));
    assert_eq!(fleet.row.uses, uses + 1, "it reads once");
    assert!(fleet.call(2, false, at(1_000)), "an environment without an outage does not look");
}

#[test]
fn probe_that_is_answered_closes_the_circuit_for_all() {
    let mut fleet = opened();
    assert!(fleet.call(1, true, at(1)));
    let end = OPEN_SECONDS * 1000;
    assert!(!fleet.call(0, false, at(end - 1)) && !fleet.call(1, false, at(end - 1)));
    let probe = fleet.begin(0, false, at(end)).unwrap();
    assert_eq!(probe.lease, Some(at(end + LEASE_SECONDS * 1000)));
    assert!(!fleet.call(1, false, at(end + 1)), "there is one probe");
    fleet.end(probe, at(end + 2));
    assert_eq!(fleet.row.open_until, None);
    assert!(!fleet.call(1, false, at(end + 3)), "it has read the end of the lease");
    assert!(fleet.call(1, false, at(end + LEASE_SECONDS * 1000)));
    let uses = fleet.row.uses;
    assert!(fleet.call(0, false, at(end + 20_000)) && fleet.call(1, false, at(end + 20_000)));
    assert_eq!(fleet.row.uses, uses);
}

#[test]
fn probe_that_fails_opens_the_circuit_again() {
    let mut fleet = opened();
    let end = OPEN_SECONDS * 1000;
    assert!(fleet.call(0, true, at(end)));
    assert_eq!(fleet.row.open_until, Some(at(2 * end)));
    assert!(!fleet.call(0, false, at(2 * end - 1)) && fleet.call(0, false, at(2 * end)));
    assert_eq!(fleet.row.open_until, None);
}

#[test]
fn counting_begins_again_when_the_circuit_is_closed() {
    let mut fleet = opened();
    let end = OPEN_SECONDS * 1000;
    assert!(fleet.call(0, false, at(end)));
    assert!((1..COUNTED_CALLS).all(|_| fleet.call(0, true, at(end + 1))));
    assert_eq!(fleet.row.open_until, None);
    assert!(fleet.call(0, true, at(end + 1)) && fleet.is_open(at(end + 1)));
}

#[test]
fn lease_of_a_crashed_environment_ends() {
    let mut fleet = opened();
    let end = OPEN_SECONDS * 1000;
    let lost = fleet.begin(0, false, at(end)).unwrap();
    assert!(fleet.call(1, true, at(end)));
    let over = end + LEASE_SECONDS * 1000;
    assert!(!fleet.call(1, false, at(over - 1)));
    let probe = fleet.begin(1, true, at(over)).unwrap();
    assert!(probe.lease.is_some());
    // The first one was only slow: it is too late to close the circuit.
    fleet.end(lost, at(over + 1));
    assert_eq!(fleet.row.open_until, probe.lease);
    fleet.end(probe, at(over + 2));
    assert_eq!(fleet.row.open_until, Some(at(over + 2 + end)));
}

proptest! {
    /// However calls interleave: there is one probe at a time, an environment makes at most one other call that ends while the circuit is
    /// open, and all calls are allowed soon after the provider is back.
    #[test]
    fn outage_costs_few_calls_and_ends(seed in any::<u64>(), pace in 20i64..2_000, minutes in 1i64..5) {
        let (mut fleet, mut rng) = (Fleet::default(), fastrand::Rng::with_seed(seed));
        let (mut calls, mut unaware, mut now) = (Vec::<Call>::new(), [0; ENVIRONMENTS], 0);
        let back = minutes * 60_000;
        while now < back {
            now += rng.i64(1..=pace);
            // Some calls end, in any order. A few environments crash, and others take their place.
            while !calls.is_empty() && rng.bool() {
                let call = calls.swap_remove(rng.usize(..calls.len()));
                if rng.u8(..) < 10 {
                    fleet.circuits[call.environment] = Circuit::default();
                    unaware[call.environment] = 0;
                } else {
                    fleet.end(call, at(now));
                }
            }
            let environment = rng.usize(..ENVIRONMENTS);
            if calls.iter().any(|call| call.environment == environment) {
                continue;
            }
            let was_open = fleet.row.open_until.is_some();
            let Some(call) = fleet.begin(environment, true, at(now)) else { continue };
            if let Some(lease) = call.lease {
                prop_assert_eq!(fleet.row.open_until, Some(lease));
                prop_assert!(calls.iter().all(|other| other.lease.is_none_or(|end| end <= at(now))));
            } else if was_open {
                unaware[environment] += 1;
                prop_assert_eq!(unaware[environment], 1);
            }
            calls.push(call);
        }
        let known_by = back + (OPEN_SECONDS + LEASE_SECONDS) * 1000;
        for millis in (back..known_by).step_by(500) {
            for environment in 0..ENVIRONMENTS {
                fleet.call(environment, false, at(millis));
            }
        }
        let uses = fleet.row.uses;
        prop_assert!((0..ENVIRONMENTS).all(|environment| fleet.call(environment, false, at(known_by))));
        prop_assert_eq!(fleet.row.uses, uses);
    }
}

/// A breaker with a table that gives these answers, and the calls that it made of the table.
fn breaker(answers: Vec<(u16, Value)>) -> (CircuitBreaker, Arc<Mutex<Vec<String>>>) {
    let (table, calls) = scripted_table(answers);
    (CircuitBreaker::new(table, Clock::fixed(at(0)), "tax"), calls)
}

fn done() -> (u16, Value) {
    (200, json!({}))
}

fn row(open_until: i64) -> Value {
    json!({ "openUntil": { "N": at(open_until).millis().to_string() } })
}

fn found(open_until: i64) -> (u16, Value) {
    (200, json!({ "Item": row(open_until) }))
}

fn condition_failed(open_until: i64) -> (u16, Value) {
    let name = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    (400, json!({ "__type": name, "Item": row(open_until) }))
}

/// A call that ends like this. The count says how often the provider was called.
async fn call(breaker: &CircuitBreaker, answer: Result<()>, count: &Cell<u32>) -> Result<()> {
    let call = async {
        count.set(count.get() + 1);
        answer
    };
    breaker.call(Duration::from_secs(2), call).await
}

fn outage() -> Result<()> {
    Err(Error::unavailable("provider", "no answer"))
}

#[tokio::test]
async fn refusals_of_the_provider_and_answers_cost_no_access() {
    let (breaker, calls) = breaker(Vec::new());
    let count = Cell::new(0);
    for _ in 0..20 {
        let declined = call(&breaker, Err(Error::conflict("declined", "No.")), &count).await;
        assert_eq!(declined.unwrap_err().code, "declined");
        assert!(call(&breaker, Ok(()), &count).await.is_ok());
    }
    assert_eq!((count.get(), calls.lock().unwrap().len()), (40, 0));
}

#[tokio::test]
async fn tenth_outage_opens_the_circuit_and_the_next_call_is_refused() {
    let (breaker, calls) = breaker(vec![done(); COUNTED_CALLS]);
    let count = Cell::new(0);
    for _ in 0..COUNTED_CALLS {
        assert!(call(&breaker, outage(), &count).await.is_err());
    }
    let refusal = call(&breaker, Ok(()), &count).await.unwrap_err();
    assert_eq!((refusal.code, count.get()), ("unavailable", 10));
    assert!(matches!(refusal.kind, Kind::Unavailable(29..=30)), "{:?}", refusal.kind);
    let expected: Vec<_> = [vec!["getitem"; COUNTED_CALLS - 1], vec!["updateitem"]].concat();
    assert_eq!(*calls.lock().unwrap(), expected);
}

#[tokio::test]
async fn circuit_that_another_environment_opened_refuses() {
    let (breaker, calls) = breaker(vec![found(20_000)]);
    let count = Cell::new(0);
    assert!(call(&breaker, outage(), &count).await.is_err());
    for _ in 0..2 {
        assert!(call(&breaker, Ok(()), &count).await.is_err());
    }
    assert_eq!((count.get(), calls.lock().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn environment_with_the_lease_probes_and_closes() {
    let (breaker, calls) = breaker(vec![found(-1), done(), done()]);
    let count = Cell::new(0);
    assert!(call(&breaker, outage(), &count).await.is_err());
    for _ in 0..2 {
        assert!(call(&breaker, Ok(()), &count).await.is_ok());
    }
    assert_eq!(count.get(), 3);
    assert_eq!(*calls.lock().unwrap(), ["getitem", "updateitem", "updateitem"]);
}

#[tokio::test]
async fn environment_that_loses_the_lease_is_refused() {
    let (breaker, _) = breaker(vec![found(-1), condition_failed(9_000)]);
    let count = Cell::new(0);
    assert!(call(&breaker, outage(), &count).await.is_err());
    assert!(call(&breaker, Ok(()), &count).await.is_err());
    assert_eq!(count.get(), 1);
}

#[tokio::test]
async fn provider_is_called_while_the_table_is_down() {
    let down = (500, json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError" }));
    let (breaker, calls) = breaker(vec![down.clone(), down]);
    let count = Cell::new(0);
    assert!(call(&breaker, outage(), &count).await.is_err());
    assert!(call(&breaker, outage(), &count).await.is_err());
    assert!(call(&breaker, Ok(()), &count).await.is_ok());
    assert_eq!((count.get(), calls.lock().unwrap().len()), (3, 2));
}

#[tokio::test]
async fn slow_call_is_an_outage() {
    let (breaker, calls) = breaker(vec![found(20_000)]);
    let slow = breaker.call(Duration::from_millis(20), std::future::pending::<Result<()>>()).await;
    assert_eq!(slow.unwrap_err().kind, Kind::Unavailable(2));
    assert!(call(&breaker, Ok(()), &Cell::new(0)).await.is_err());
    assert_eq!(*calls.lock().unwrap(), ["getitem"]);
}
