//! Ways in which souk can be broken on purpose (`aws_kit::fault::mutant`), and which check has to notice each. A checker that
//! cannot be made to fail on souk itself proves nothing about it.

use std::time::Duration;

use crate::checks::Violation;
use crate::harness::play_in_run;
use crate::run::Run;
use crate::scenarios::Scenario;

/// A way to be wrong.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// As souk names its switch.
    pub name: &'static str,
    /// What is played while it is on.
    pub scenarios: &'static [Scenario],
    /// Every one of these checks has to object.
    pub detected_by: &'static [&'static str],
}

/// Much of what is broken never comes to rest, so that is not waited for as long as elsewhere; but for a hold and its hints.
const QUIESCENCE_TIMEOUT: Duration = Duration::from_secs(75);

/// All of them.
pub const MUTANTS: [Mutant; 19] = [
    // The sale's condition `available >= :q` is left out.
    Mutant { name: "no_stock_condition", scenarios: &[Scenario::OneSku], detected_by: &["no_oversell"] },
    // A cancelled order gives nothing back.
    Mutant { name: "stock_not_returned", scenarios: &[Scenario::Cancels], detected_by: &["stock_conservation"] },
    // A cancelled order gives back twice as much.
    Mutant { name: "stock_returned_twice", scenarios: &[Scenario::Cancels], detected_by: &["stock_conservation"] },
    // A movement that is told again is written down again.
    Mutant { name: "movement_doubled", scenarios: &[Scenario::Messages], detected_by: &["log_adds_up"] },
    // The record of a keyed request is written whether there is one or not.
    Mutant {
        name: "idempotency_ignored",
        scenarios: &[Scenario::DuplicateRequests],
        detected_by: &["one_order_per_key"],
    },
    // A cart is written over whatever came between.
    Mutant { name: "cart_version_ignored", scenarios: &[Scenario::TwoDevices], detected_by: &["no_add_lost"] },
    // The sale's condition `priceVersion = :v` is left out.
    Mutant { name: "price_version_ignored", scenarios: &[Scenario::Prices], detected_by: &["prices_as_seen"] },
    // The end of a hold cancels the order whatever its status.
    Mutant { name: "no_hold_condition", scenarios: &[Scenario::OneSku], detected_by: &["legal_moves"] },
    // Every try makes an intent of its own and confirms it.
    Mutant {
        name: "charge_posted_blindly",
        scenarios: &[Scenario::Provider],
        detected_by: &["effects_once", "no_orphan_charge"],
    },
    // What was reserved for a cancelled order is left reserved.
    Mutant { name: "void_skipped", scenarios: &[Scenario::Cancels], detected_by: &["charges_match"] },
    // A capture is written down and not made.
    Mutant { name: "capture_skipped", scenarios: &[Scenario::OneSku], detected_by: &["charges_match"] },
    // The refund's condition `refundable >= :a` is left out.
    Mutant { name: "refund_unbounded", scenarios: &[Scenario::Refunds], detected_by: &["refunds_within_captures"] },
    // The relay forgets a third of all events without publishing them.
    Mutant {
        name: "event_dropped",
        scenarios: &[Scenario::OneSku, Scenario::Cancels],
        detected_by: &["events_delivered", "hold_or_outcome"],
    },
    // An order follows what it is told of its payment, however old that is.
    Mutant { name: "sequence_ignored", scenarios: &[Scenario::Messages], detected_by: &["hold_or_outcome"] },
    // A claim that is already there is no reason not to send.
    Mutant { name: "mail_twice", scenarios: &[Scenario::Messages], detected_by: &["effects_once"] },
    // A move writes no history.
    Mutant { name: "history_skipped", scenarios: &[Scenario::OneSku], detected_by: &["history_folds"] },
    // Sums are off by one.
    Mutant { name: "total_miscounted", scenarios: &[Scenario::SeveralLines], detected_by: &["order_totals"] },
    // A cart shows a sum that is off by one.
    Mutant { name: "cart_miscounted", scenarios: &[Scenario::TwoDevices], detected_by: &["cart_totals"] },
    // A cancellation is answered and not done.
    Mutant { name: "cancel_forgotten", scenarios: &[Scenario::Cancels], detected_by: &["acknowledged_kept"] },
];

/// How a mutant fared.
#[derive(Debug)]
pub struct MutantResult {
    /// Which.
    pub mutant: Mutant,
    /// What was found.
    pub violations: Vec<Violation>,
    /// Checks that should have objected and did not; nothing if it was noticed.
    pub missed_by: Vec<&'static str>,
}

/// Plays a mutant's scenarios while it is on, and clears away after it.
pub async fn run_mutant(mutant: Mutant, seed: u64) -> MutantResult {
    let run = Run::open(&format!("mutant-{}", mutant.name), seed).await;
    run.faults.process.enable_mutant(mutant.name);
    let report = play_in_run(&run, mutant.scenarios, QUIESCENCE_TIMEOUT).await;
    run.faults.process.disable_mutant(mutant.name);
    // What was broken leaves messages that would be tried for a day.
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
    fn every_mutant_names_checks_that_there_are() {
        let checks: BTreeSet<_> = ALL.iter().map(|check| check.name).collect();
        for mutant in MUTANTS {
            assert!(!mutant.scenarios.is_empty() && !mutant.detected_by.is_empty(), "{}", mutant.name);
            assert!(mutant.detected_by.iter().all(|name| checks.contains(name)), "{}", mutant.name);
        }
        let names: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        assert_eq!(names.len(), MUTANTS.len());
    }

    #[test]
    fn every_check_is_shown_to_fail() {
        let detecting: BTreeSet<_> = MUTANTS.iter().flat_map(|mutant| mutant.detected_by).collect();
        let undetected: Vec<_> = ALL.iter().map(|check| check.name).filter(|name| !detecting.contains(name)).collect();
        assert!(undetected.is_empty(), "no mutant shows {undetected:?} failing");
    }

    #[test]
    fn every_mutant_of_the_sources_is_tested() {
        let names: BTreeSet<String> = MUTANTS.iter().map(|mutant| mutant.name.to_owned()).collect();
        assert_eq!(e2e::fault_labels("mutant"), names, "add the new mutant to MUTANTS");
    }
}
