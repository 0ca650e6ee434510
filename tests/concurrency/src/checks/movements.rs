//! The log of stock movements explains the stock: no movement is missing or repeated.

use crate::history::History;
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str =
    "The movements of every SKU add up to its stock, with exactly one line for each change of a row that sells it.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for (sku, offer) in &state.offers {
        let lines = || state.movements_of(sku);
        let (sum, count) = (lines().map(|line| line.delta).sum::<i64>(), lines().count());
        let (available, changes) = (state.available(offer), state.stock_changes(offer));
        if sum != available {
            findings.push(format!("{sku}: {count} movements add up to {sum}, but {available} pieces are available"));
        }
        if count as u64 != changes {
            findings.push(format!("{sku}: {count} movements, but its stock changed {changes} times"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, JAR};
    use crate::observed::Movement;

    #[test]
    fn missing_movement_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.movements.retain(|line| line.delta != -2);
        let findings = check(&state, &history);
        assert!(
            findings.len() == 2 && findings[0].contains("4 movements add up to 15, but 13 pieces are available"),
            "{findings:?}"
        );
    }

    #[test]
    fn repeated_movement_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        let twice = state.movements.iter().find(|line| line.delta == -2).cloned();
        state.movements.extend(twice);
        let findings = check(&state, &history);
        assert!(
            findings.len() == 2 && findings[0].contains("6 movements add up to 11, but 13 pieces are available"),
            "{findings:?}"
        );
    }

    #[test]
    fn every_sale_from_a_bucket_has_a_movement_and_no_rebalance_has_one() {
        let (mut state, history) = fixture::valid_run();
        state.buckets[0].stock_version += 1;
        fixture::assert_one_finding(&check(&state, &history), &["JAR: 1 movements, but its stock changed 2 times"]);
        state.offers.get_mut(JAR).expect("the jar").rebalances += 1;
        assert!(check(&state, &history).is_empty());
    }

    #[test]
    fn one_movement_for_two_parts_of_a_sale_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        // The last pieces in buckets.
        state.buckets.iter_mut().for_each(|bucket| (bucket.available, bucket.stock_version) = (0, 1));
        state.movements.push(Movement { sku: JAR.into(), delta: -3 });
        fixture::assert_one_finding(&check(&state, &history), &["JAR: 2 movements, but its stock changed 3 times"]);
    }

    #[test]
    fn missing_movements_that_add_up_to_zero_are_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.movements.retain(|line| line.delta.abs() != 3);
        fixture::assert_one_finding(&check(&state, &history), &["3 movements, but its stock changed 5 times"]);
    }
}
