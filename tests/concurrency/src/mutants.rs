//! Mutants: ways to break souk on purpose (`aws_kit::fault::mutant`), and the checks that must detect each of them. A check that
//! has never failed on souk itself proves nothing about it.

use std::collections::BTreeSet;

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

/// All mutants.
pub const MUTANTS: [Mutant; 41] = [
    // The condition `available >= :q` of a sale is left out.
    Mutant { name: "no_stock_condition", scenarios: &[Scenario::OneSku], detected_by: &["no_oversell"] },
    // The last pieces of a SKU are refused.
    Mutant { name: "last_piece_refused", scenarios: &[Scenario::OneSku], detected_by: &["refusals_right"] },
    // The condition `available >= :q` of a sale from a bucket is left out.
    Mutant { name: "bucket_condition_left_out", scenarios: &[Scenario::Buckets], detected_by: &["no_oversell"] },
    // When pieces move between buckets and the row of their offer, that row gets one less.
    Mutant { name: "rebalance_loses_a_piece", scenarios: &[Scenario::Buckets], detected_by: &["stock_conservation"] },
    // Buckets get pieces, and the row of the offer does not say so.
    Mutant { name: "bound_not_raised", scenarios: &[Scenario::Buckets], detected_by: &["within_bounds"] },
    // An order is refused when the first bucket has too few pieces.
    Mutant { name: "refused_after_one_bucket", scenarios: &[Scenario::Buckets], detected_by: &["refusals_right"] },
    // An order is refused although the row of the offer has the pieces that its buckets lack.
    Mutant { name: "tail_not_counted", scenarios: &[Scenario::Buckets], detected_by: &["refusals_right"] },
    // Buckets sell at the price from before a change.
    Mutant { name: "buckets_keep_price", scenarios: &[Scenario::Buckets], detected_by: &["prices_as_seen"] },
    // The parts of a sale from several buckets are logged as one movement.
    Mutant { name: "movement_without_bucket", scenarios: &[Scenario::Buckets], detected_by: &["log_adds_up"] },
    // Cancelling an order returns no stock.
    Mutant { name: "stock_not_returned", scenarios: &[Scenario::Cancels], detected_by: &["stock_conservation"] },
    // Cancelling an order returns its stock twice.
    Mutant { name: "stock_returned_twice", scenarios: &[Scenario::Cancels], detected_by: &["stock_conservation"] },
    // A repeated record of the stream logs its stock movement again.
    Mutant { name: "movement_doubled", scenarios: &[Scenario::Messages], detected_by: &["log_adds_up"] },
    // A change of stock by hand is logged as the movement of the order before it.
    Mutant { name: "movement_misnamed", scenarios: &[Scenario::OneSku], detected_by: &["log_adds_up"] },
    // Nothing looks for the stock movements that the stream has lost.
    Mutant { name: "movement_walk_skipped", scenarios: &[Scenario::StreamsLost], detected_by: &["log_adds_up"] },
    // A request is executed although its idempotency key has a stored response.
    Mutant {
        name: "idempotency_ignored",
        scenarios: &[Scenario::DuplicateRequests],
        detected_by: &["one_order_per_key"],
    },
    // A repeated request shows the order as it is, and not as it was answered.
    Mutant { name: "replay_shows_present", scenarios: &[Scenario::DuplicateRequests], detected_by: &["same_answer"] },
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
        detected_by: &["events_delivered"],
    },
    // The relay publishes events that another context makes than the one of their table.
    Mutant {
        name: "forged_event_published",
        scenarios: &[Scenario::ForgedEvents],
        detected_by: &["log_adds_up", "events_delivered"],
    },
    // An order follows the capture of its payment in a second transaction.
    Mutant { name: "order_follows_later", scenarios: &[Scenario::OneSku], detected_by: &["moves_together"] },
    // A worker writes a payment without the condition on its version.
    Mutant { name: "payment_version_ignored", scenarios: &[Scenario::Races], detected_by: &["hold_or_outcome"] },
    // A worker writes an order without the condition on its version, over a change of an admin.
    Mutant { name: "order_version_ignored", scenarios: &[Scenario::Packing], detected_by: &["acknowledged_kept"] },
    // At the end of a hold the intents are cancelled first, also where another worker may find one authorised.
    Mutant { name: "expiry_voids_first", scenarios: &[Scenario::Races], detected_by: &["hold_or_outcome"] },
    // An order believes payment events, also those that are older than its state, and not the row of the payment.
    Mutant {
        name: "sequence_ignored",
        scenarios: &[Scenario::Messages],
        detected_by: &["hold_or_outcome", "moves_together"],
    },
    // Housekeeping reads the least number of shards, and not all.
    Mutant {
        name: "shards_unread",
        scenarios: &[Scenario::StreamsLost],
        detected_by: &["events_delivered", "hold_or_outcome"],
    },
    // Nothing looks for orders whose record the stream has lost.
    Mutant { name: "payment_sweep_skipped", scenarios: &[Scenario::StreamsLost], detected_by: &["events_delivered"] },
    // Nothing looks for captured payments whose record the stream has lost.
    Mutant { name: "mail_sweep_skipped", scenarios: &[Scenario::StreamsLost], detected_by: &["events_delivered"] },
    // A mail is sent although it has been claimed before.
    Mutant { name: "mail_twice", scenarios: &[Scenario::Messages], detected_by: &["effects_once"] },
    // A change that becomes a row of the history is not written: one with a note, or the oldest of four.
    Mutant { name: "history_skipped", scenarios: &[Scenario::Cancels], detected_by: &["history_folds"] },
    // Order totals are off by one.
    Mutant { name: "total_miscounted", scenarios: &[Scenario::SeveralLines], detected_by: &["order_totals"] },
    // Cart totals are off by one.
    Mutant { name: "cart_miscounted", scenarios: &[Scenario::TwoDevices], detected_by: &["cart_totals"] },
    // An order that has ended or is confirmed stays in its counters.
    Mutant { name: "unpaid_not_released", scenarios: &[Scenario::Cancels], detected_by: &["unpaid_counted"] },
    // A cancellation is confirmed but not written.
    Mutant { name: "cancel_forgotten", scenarios: &[Scenario::Cancels], detected_by: &["acknowledged_kept"] },
    // A request beyond the rate limit is accepted.
    Mutant { name: "limiter_ignores_limit", scenarios: &[Scenario::RateLimit], detected_by: &["rate_limit_kept"] },
    // A SKU is claimed although another product has it in another letter case.
    Mutant {
        name: "other_case_accepted",
        scenarios: &[Scenario::SkuSpellings],
        detected_by: &["one_sku_in_all_cases"],
    },
];

/// The checks that detect a mutant in one of these scenarios. So every run of the scenarios must give them something to judge.
pub fn detecting_checks(scenarios: &[Scenario]) -> BTreeSet<&'static str> {
    let played = MUTANTS.iter().filter(|mutant| mutant.scenarios.iter().any(|scenario| scenarios.contains(scenario)));
    played.flat_map(|mutant| mutant.detected_by).copied().collect()
}

#[cfg(test)]
mod tests {
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
