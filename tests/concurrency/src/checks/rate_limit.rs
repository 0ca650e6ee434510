//! The requests of a caller that were accepted are within the rate limit, however many environments count them.

use std::collections::BTreeMap;

use crate::history::{CallRecord, Effect, History};
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str = "An account gets at most as many new carts in a minute as the rate limit allows.";

/// `CartLimits` of the test stack (profiles.py): new carts per minute and account.
const CARTS_PER_MINUTE: f64 = 40.0;
const MINUTE_US: f64 = 60e6;

pub(super) fn check(_: &ObservedState, history: &History) -> Vec<String> {
    let mut accepted: BTreeMap<&str, Vec<&CallRecord>> = BTreeMap::new();
    for (caller, call) in accepted_carts(history) {
        accepted.entry(caller).or_default().push(call);
    }
    let exceeds = |(caller, calls): (&str, Vec<&CallRecord>)| {
        let began = calls.iter().map(|call| call.began_us).min()?;
        let ended = calls.iter().filter_map(|call| call.ended_us).max()?;
        let minutes = ended.saturating_sub(began) as f64 / MINUTE_US;
        // A window slides: while time passes, as many more are allowed as leave the window.
        let allowed = CARTS_PER_MINUTE * (1.0 + minutes) + 1.0;
        let count = calls.len();
        (count as f64 > allowed)
            .then(|| format!("{caller} got {count} carts in {minutes:.2} minutes; {allowed:.0} are allowed"))
    };
    accepted.into_iter().filter_map(exceeds).collect()
}

/// The new carts that callers with an account got.
pub(super) fn accepted_carts(history: &History) -> impl Iterator<Item = (&str, &CallRecord)> {
    let carts = history.calls.iter().filter(|call| call.method == "POST" && call.path == "/api/v1/cart");
    carts.filter(|call| call.effect() == Effect::Applied).filter_map(|call| Some((call.caller.as_deref()?, call)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::Value;

    fn with_carts(count: u64, status: u16) -> Vec<String> {
        let (state, mut history) = fixture::valid_run();
        for number in 0..count {
            let call = CallRecord::new("ada", Some("usr_ada"), "POST", "/api/v1/cart", Value::Null, None);
            let began_us = number * 1_000;
            history.calls.push(CallRecord {
                seq: history.calls.len(),
                began_us,
                ended_us: Some(began_us + 500),
                status: Some(status),
                ..call
            });
        }
        check(&state, &history)
    }

    #[test]
    fn more_carts_than_the_limit_are_a_violation() {
        assert!(with_carts(40, 201).is_empty());
        fixture::assert_one_finding(&with_carts(60, 201), &["usr_ada got 60 carts in 0.00 minutes; 41 are allowed"]);
    }

    #[test]
    fn refused_requests_do_not_count() {
        assert!(with_carts(60, 429).is_empty());
    }
}
