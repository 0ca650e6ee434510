//! The checks: one file per invariant, each a pure function of the observed state and the history. They know the API and nothing of
//! souk's code. Unit tests show that each check accepts a valid run and detects each violation; `make mutants` shows the same on
//! souk itself.

mod acknowledged;
mod bounds;
mod cart_adds;
mod cart_totals;
mod charges;
mod delivery;
mod effects;
mod idempotency;
mod movements;
mod moves_together;
mod order_history;
mod orphan_charges;
mod oversell;
mod prices;
mod rate_limit;
mod refunds;
mod refusals;
mod same_answer;
mod settlement;
mod sku_spellings;
mod stock;
mod subjects;
mod totals;
mod transitions;
mod unpaid;

pub use order_history::orders_with_wrong_history;

use std::collections::BTreeSet;
use std::fmt;

use crate::history::History;
use crate::observed::ObservedState;

/// An invariant.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The name that the table of mutants uses.
    pub name: &'static str,
    /// The invariant, in one sentence.
    pub invariant: &'static str,
    /// Returns all violations, one sentence each.
    pub find: fn(&ObservedState, &History) -> Vec<String>,
}

/// All checks.
pub const ALL: [Check; 24] = [
    Check { name: "stock_conservation", invariant: stock::INVARIANT, find: stock::check },
    Check { name: "log_adds_up", invariant: movements::INVARIANT, find: movements::check },
    Check { name: "no_oversell", invariant: oversell::INVARIANT, find: oversell::check },
    Check { name: "within_bounds", invariant: bounds::INVARIANT, find: bounds::check },
    Check { name: "refusals_right", invariant: refusals::INVARIANT, find: refusals::check },
    Check { name: "one_order_per_key", invariant: idempotency::INVARIANT, find: idempotency::check },
    Check { name: "same_answer", invariant: same_answer::INVARIANT, find: same_answer::check },
    Check { name: "hold_or_outcome", invariant: settlement::INVARIANT, find: settlement::check },
    Check { name: "moves_together", invariant: moves_together::INVARIANT, find: moves_together::check },
    Check { name: "charges_match", invariant: charges::INVARIANT, find: charges::check },
    Check { name: "no_orphan_charge", invariant: orphan_charges::INVARIANT, find: orphan_charges::check },
    Check { name: "refunds_within_captures", invariant: refunds::INVARIANT, find: refunds::check },
    Check { name: "events_delivered", invariant: delivery::INVARIANT, find: delivery::check },
    Check { name: "effects_once", invariant: effects::INVARIANT, find: effects::check },
    Check { name: "cart_totals", invariant: cart_totals::INVARIANT, find: cart_totals::check },
    Check { name: "no_add_lost", invariant: cart_adds::INVARIANT, find: cart_adds::check },
    Check { name: "prices_as_seen", invariant: prices::INVARIANT, find: prices::check },
    Check { name: "order_totals", invariant: totals::INVARIANT, find: totals::check },
    Check { name: "legal_moves", invariant: transitions::INVARIANT, find: transitions::check },
    Check { name: "history_folds", invariant: order_history::INVARIANT, find: order_history::check },
    Check { name: "unpaid_counted", invariant: unpaid::INVARIANT, find: unpaid::check },
    Check { name: "acknowledged_kept", invariant: acknowledged::INVARIANT, find: acknowledged::check },
    Check { name: "rate_limit_kept", invariant: rate_limit::INVARIANT, find: rate_limit::check },
    Check { name: "one_sku_in_all_cases", invariant: sku_spellings::INVARIANT, find: sku_spellings::check },
];

/// A violation of an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The name of the check.
    pub check: &'static str,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.message)
    }
}

/// Runs all checks.
pub fn check_all(state: &ObservedState, history: &History) -> Vec<Violation> {
    let findings = ALL.iter().flat_map(|check| {
        let findings = (check.find)(state, history);
        findings.into_iter().map(|message| Violation { check: check.name, message })
    });
    findings.collect()
}

/// A violation for each of these checks that had nothing to judge: it would have passed whatever souk did.
pub fn without_subjects(names: &BTreeSet<&str>, state: &ObservedState, history: &History) -> Vec<Violation> {
    let idle = names.iter().filter(|name| subjects::count(name, state, history) == 0);
    idle.map(|name| Violation { check: "nothing_to_judge", message: format!("{name} had nothing to judge") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::history::CallRecord;
    use serde_json::{Value, json};

    #[test]
    fn valid_run_has_no_violations() {
        let (state, history) = fixture::valid_run();
        let findings: Vec<String> = check_all(&state, &history).iter().map(ToString::to_string).collect();
        assert_eq!(findings, Vec::<String>::new());
    }

    #[test]
    fn empty_run_has_no_violations() {
        assert_eq!(check_all(&ObservedState::default(), &History::default()), []);
    }

    #[test]
    fn check_with_nothing_to_judge_is_a_violation() {
        let names: BTreeSet<_> = ALL.iter().map(|check| check.name).collect();
        let (state, mut history) = fixture::valid_run();
        history.calls.push(CallRecord {
            status: Some(201),
            ..CallRecord::new("ada", Some("usr_ada"), "POST", "/api/v1/cart", Value::Null, None)
        });
        fixture::repeat_call(&mut history, "key-paid", json!({ "id": fixture::PAID }));
        assert_eq!(without_subjects(&names, &state, &history), []);
        let idle = without_subjects(&names, &ObservedState::default(), &History::default());
        assert_eq!(idle.len(), ALL.len(), "{idle:?}");
        let mut state = state;
        state.mails.clear();
        state.movements.retain(|line| line.delta > 0);
        let idle: Vec<String> =
            without_subjects(&names, &state, &history).into_iter().map(|idle| idle.message).collect();
        assert_eq!(idle, ["effects_once had nothing to judge", "log_adds_up had nothing to judge"]);
    }

    #[test]
    fn names_of_checks_are_unique() {
        let names: BTreeSet<_> = ALL.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.iter().all(|check| check.invariant.ends_with('.')));
    }
}
