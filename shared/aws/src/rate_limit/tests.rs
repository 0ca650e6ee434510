//! Many execution environments lease from one row, by a clock that the tests set.

use std::collections::HashMap;

use proptest::prelude::*;
use values::{RateLimitStatus, Timestamp, Window};

use super::counter_row::CounterRow;
use super::leases::{Lease, Leases, RatePolicy, Step};

const CALLER: &str = "a digest";
const START: i64 = 1_800_000_000_000;
const ENVIRONMENTS: usize = 30;

fn policy(limit: u32) -> RatePolicy {
    RatePolicy { window: Window::MINUTE, limit, is_exact: false }
}

/// The row in the table.
#[derive(Default)]
struct Row {
    row: Option<CounterRow>,
    writes: u32,
}

impl Row {
    /// Does what the conditional write does: the row after it, or the row that its condition failed on.
    fn write(&mut self, lease: Lease) -> Result<CounterRow, Option<CounterRow>> {
        self.writes += 1;
        let fresh = CounterRow { window: lease.window, current: lease.size, previous: lease.previous };
        let written = match (self.row, lease.known) {
            (Some(row), Some(known)) if known.window < lease.window => {
                ((row.window, row.current) == (known.window, known.current)).then_some(fresh)
            }
            (None, Some(known)) if known.window < lease.window => None,
            (None, _) => Some(fresh),
            (Some(row), _) => {
                let is_same = (row.window, row.previous) == (lease.window, lease.previous);
                (is_same && row.current <= lease.most)
                    .then_some(CounterRow { current: row.current + lease.size, ..row })
            }
        };
        self.row = written.or(self.row);
        written.ok_or(self.row)
    }
}

/// The environments, each with its leases and with the lease that it is writing.
struct Fleet {
    policy: RatePolicy,
    row: Row,
    leases: Vec<Leases>,
}

impl Fleet {
    fn new(policy: RatePolicy) -> Self {
        let leases = (0..ENVIRONMENTS).map(|_| Leases::default()).collect();
        Self { policy, row: Row::default(), leases }
    }

    fn next(&mut self, environment: usize, now: Timestamp) -> Step {
        self.leases[environment].next(CALLER, self.policy, now)
    }

    fn finish(&mut self, environment: usize, lease: Lease, now: Timestamp) {
        let written = self.row.write(lease);
        self.leases[environment].finish(CALLER, self.policy, lease, written, now);
    }

    /// One request that no other one disturbs.
    fn request(&mut self, environment: usize, now: Timestamp) -> Result<RateLimitStatus, RateLimitStatus> {
        for _ in 0..5 {
            match self.next(environment, now) {
                Step::Allow(status) => return Ok(status),
                Step::Refuse(status) => return Err(status),
                Step::Lease(lease) => self.finish(environment, lease, now),
            }
        }
        panic!("a request should need five writes at most");
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

#[test]
fn busy_environment_leases_more_and_writes_less() {
    let mut fleet = Fleet::new(policy(1000));
    for request in 0..6 {
        assert!(fleet.request(0, at(request)).is_ok());
    }
    assert_eq!(fleet.row.writes, 4, "1, 1, 2 and 4 tokens");
    for request in 6..200 {
        assert!(fleet.request(0, at(request)).is_ok());
    }
    assert!(fleet.row.writes < 20, "{}", fleet.row.writes);
}

#[test]
fn exact_policy_counts_each_request_and_refuses_the_next_one() {
    let mut fleet = Fleet::new(RatePolicy { is_exact: true, ..policy(3) });
    let left: Vec<_> = (0..3).map(|at_| fleet.request(0, at(at_)).unwrap().remaining()).collect();
    assert_eq!((left, fleet.row.writes), (vec![2, 1, 0], 3));
    let refused = fleet.request(0, at(3)).unwrap_err();
    assert_eq!((refused.limit(), refused.remaining()), (3, 0));
    assert!((60..=120).contains(&refused.reset_seconds()));
}

#[test]
fn refused_caller_costs_no_writes() {
    let mut fleet = Fleet::new(policy(10));
    for request in 0..10 {
        assert!(fleet.request(0, at(request)).is_ok());
    }
    assert!(fleet.request(1, at(10)).is_err());
    let writes = fleet.row.writes;
    for request in 11..10_000 {
        for environment in 0..2 {
            assert!(fleet.request(environment, at(request)).is_err());
        }
    }
    assert_eq!(fleet.row.writes, writes);
    let counted = fleet.row.row.unwrap().current;
    assert_eq!(counted, 10, "a refused request is not counted");
    let wait = fleet.request(0, at(10_000)).unwrap_err().reset_seconds();
    assert!(fleet.request(0, at(10_000 + i64::from(wait) * 1000)).is_ok(), "it passes after the wait");
}

proptest! {
    /// A client at half its limit, whose requests reach 30 environments at random, is never refused.
    #[test]
    fn client_at_half_its_limit_is_never_refused(
        limit in 20u32..1_200, seed in any::<u64>(), environments in 1usize..=ENVIRONMENTS,
    ) {
        let (mut fleet, mut rng) = (Fleet::new(policy(limit)), fastrand::Rng::with_seed(seed));
        let pace = Window::MINUTE.millis() * 2 / i64::from(limit);
        for request in 0..i64::from(limit) * 2 {
            let now = at(request * pace + rng.i64(0..=pace / 2));
            let environment = rng.usize(0..environments);
            prop_assert!(fleet.request(environment, now).is_ok(), "request {request} of {limit}: {:?}", fleet.row.row);
        }
    }

    /// However the requests arrive and their writes interleave, no window has more of them than the limit.
    #[test]
    fn sum_never_exceeds_the_limit(limit in 1u32..150, seed in any::<u64>(), is_exact in any::<bool>(), burst in 1i64..2_000) {
        let (mut fleet, mut rng) = (Fleet::new(RatePolicy { is_exact, ..policy(limit) }), fastrand::Rng::with_seed(seed));
        let mut writing: Vec<(usize, Lease)> = Vec::new();
        let mut allowed: HashMap<i64, u32> = HashMap::new();
        let mut millis = rng.i64(0..60_000);
        for _ in 0..2_000 {
            millis += rng.i64(0..=burst);
            let now = at(millis);
            // Either a write that was begun is done now, however late, or another request begins.
            if !writing.is_empty() && rng.bool() {
                let (environment, lease) = writing.swap_remove(rng.usize(0..writing.len()));
                fleet.finish(environment, lease, now);
            }
            let environment = rng.usize(0..ENVIRONMENTS);
            match fleet.next(environment, now) {
                Step::Allow(_) => *allowed.entry(Window::MINUTE.index(now)).or_default() += 1,
                Step::Lease(lease) => writing.push((environment, lease)),
                Step::Refuse(status) => prop_assert_eq!(status.remaining(), 0),
            }
        }
        prop_assert!(allowed.values().all(|count| *count <= limit), "{limit}: {allowed:?}");
    }
}

#[test]
fn refusal_is_known_from_the_last_row_and_takes_no_token() {
    let (mut leases, mut row, now) = (Leases::default(), Row::default(), Timestamp::from_millis(START));
    let policy = RatePolicy { is_exact: true, ..policy(2) };
    for _ in 0..2 {
        assert_eq!(leases.refusal(CALLER, policy, now), None);
        let Step::Lease(lease) = leases.next(CALLER, policy, now) else { panic!("a token should be leased") };
        let written = row.write(lease);
        leases.finish(CALLER, policy, lease, written, now);
        assert_eq!(leases.refusal(CALLER, policy, now), None, "a token is left");
        assert!(matches!(leases.next(CALLER, policy, now), Step::Allow(_)));
    }
    assert!(leases.refusal(CALLER, policy, now).is_some_and(|status| status.remaining() == 0));
    assert!(matches!(leases.next(CALLER, policy, now), Step::Refuse(_)));
    assert_eq!(leases.refusal("another digest", policy, now), None);
    assert_eq!(leases.refusal(CALLER, policy, now.plus_seconds(120)), None);
}
