//! Mutants: ways to break souk on purpose (`aws_kit::fault::mutant`), and the checks that must detect each of them. A check that
//! has never failed on souk itself proves nothing about it.

use std::time::Duration;

use crate::checks::Violation;
use crate::harness::play_in_run;
use crate::run::Run;
use crate::scenarios::Scenario;

/// A way to break souk.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// The label in souk's sources.
    pub name: &'static str,
    /// The scenarios to play while the mutant is enabled.
    pub scenarios: &'static [Scenario],
    /// All these checks have to report a violation.
    pub detected_by: &'static [&'static str],
}

/// Long enough for a hold and its events. Broken work often never ends, so the wait is shorter than elsewhere.
const QUIESCENCE_TIMEOUT: Duration = Duration::from_secs(75);

/// All mutants.
pub const MUTANTS: [Mutant; 19] = [
    // The condition `available >= :q` of a sale is left out.
    Mutant { name: "no_stock_condition", scenarios: &[Scenario::OneSku], detected_by: &["no_oversell"] },
    // Cancelling an order returns no stock.
    Mutant { name: "stock_not_returned", scenarios: &[Scenario::Cancels], detected_by: &["stock_conservation"] },
    // Cancelling an order returns its stock twice.
    Mutant { name: "stock_returned_twice", scenarios: &[Scenario::Cancels], detected_by: &["stock_conservation"] },
    // A repeated event writes its stock movement again.
    Mutant { name: "movement_doubled", scenarios: &[Scenario::Messages], detected_by: &["log_adds_up"] },
    // A request is executed although its idempotency key has a stored response.
    Mutant {
        name: "idempotency_ignored",
        scenarios: &[Scenario::DuplicateRequests],
        detected_by: &["one_order_per_key"],
    },
    // A cart is written without the condition on its version.
    Mutant { name: "cart_version_ignored", scenarios: &[Scenario::TwoDevices], detected_by: &["no_add_lost"] },
    // The condition `priceVersion = :v` of a sale is left out.
    Mutant { name: "price_version_ignored", scenarios: &[Scenario::Prices], detected_by: &["prices_as_seen"] },
    // The end of a hold cancels an order of any status.
    Mutant { name: "no_hold_condition", scenarios: &[Scenario::OneSku], detected_by: &["legal_moves"] },
    // Every attempt creates and confirms an intent of its own.
    Mutant {
        name: "charge_posted_blindly",
        scenarios: &[Scenario::Provider],
        detected_by: &["effects_once", "no_orphan_charge"],
    },
    // The payment of a cancelled order is not voided.
    Mutant { name: "void_skipped", scenarios: &[Scenario::Cancels], detected_by: &["charges_match"] },
    // A capture is recorded but not sent to the provider.
    Mutant { name: "capture_skipped", scenarios: &[Scenario::OneSku], detected_by: &["charges_match"] },
    // The condition `refundable >= :a` of a refund is left out.
    Mutant { name: "refund_unbounded", scenarios: &[Scenario::Refunds], detected_by: &["refunds_within_captures"] },
    // The relay deletes a third of all events without publishing them.
    Mutant {
        name: "event_dropped",
        scenarios: &[Scenario::OneSku, Scenario::Cancels],
        detected_by: &["events_delivered", "hold_or_outcome"],
    },
    // An order applies payment events that are older than its state.
    Mutant { name: "sequence_ignored", scenarios: &[Scenario::Messages], detected_by: &["hold_or_outcome"] },
    // A mail is sent although it has been claimed before.
    Mutant { name: "mail_twice", scenarios: &[Scenario::Messages], detected_by: &["effects_once"] },
    // A status change writes no history entry.
    Mutant { name: "history_skipped", scenarios: &[Scenario::OneSku], detected_by: &["history_folds"] },
    // Order totals are off by one.
    Mutant { name: "total_miscounted", scenarios: &[Scenario::SeveralLines], detected_by: &["order_totals"] },
    // Cart totals are off by one.
    Mutant { name: "cart_miscounted", scenarios: &[Scenario::TwoDevices], detected_by: &["cart_totals"] },
    // A cancellation is confirmed but not written.
    Mutant { name: "cancel_forgotten", scenarios: &[Scenario::Cancels], detected_by: &["acknowledged_kept"] },
];

/// The result of testing a mutant.
#[derive(Debug)]
pub struct MutantResult {
    pub mutant: Mutant,
    /// All violations that were reported.
    pub violations: Vec<Violation>,
    /// Checks that should have reported a violation and did not. Empty if the mutant was detected.
    pub missed_by: Vec<&'static str>,
}

/// Plays a mutant's scenarios while it is enabled, and empties all queues afterwards.
pub async fn run_mutant(mutant: Mutant, seed: u64) -> MutantResult {
    let run = Run::open(&format!("mutant-{}", mutant.name), seed).await;
    run.faults.process.enable_mutant(mutant.name);
    let report = play_in_run(&run, mutant.scenarios, QUIESCENCE_TIMEOUT).await;
    run.faults.process.disable_mutant(mutant.name);
    // Messages that cannot succeed would be retried for a day.
    for url in run.test_stack.stack.queues.values().chain(run.test_stack.stack.dlqs.values()) {
        run.emulator.purge(url).await;
    }
    let is_violated = |name: &str| report.violations.iter().any(|violation| violation.check == name);
    let missed_by = mutant.detected_by.iter().copied().filter(|name| !is_violated(name)).collect();
    MutantResult { mutant, violations: report.violations, missed_by }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::checks::ALL;

    #[test]
    fn mutants_name_existing_checks() {
        let checks: BTreeSet<_> = ALL.iter().map(|check| check.name).collect();
        for mutant in MUTANTS {
            assert!(!mutant.scenarios.is_empty() && !mutant.detected_by.is_empty(), "{}", mutant.name);
            assert!(mutant.detected_by.iter().all(|name| checks.contains(name)), "{}", mutant.name);
        }
        let names: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        assert_eq!(names.len(), MUTANTS.len());
    }

    #[test]
    fn every_check_detects_a_mutant() {
        let detecting: BTreeSet<_> = MUTANTS.iter().flat_map(|mutant| mutant.detected_by).collect();
        let undetected: Vec<_> = ALL.iter().map(|check| check.name).filter(|name| !detecting.contains(name)).collect();
        assert!(undetected.is_empty(), "no mutant makes these checks fail: {undetected:?}");
    }

    #[test]
    fn every_mutant_of_the_sources_is_tested() {
        let names: BTreeSet<String> = MUTANTS.iter().map(|mutant| mutant.name.to_owned()).collect();
        assert_eq!(e2e::fault_labels("mutant"), names, "add the new mutant to MUTANTS");
    }
}
