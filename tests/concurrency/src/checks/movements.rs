//! The log of stock movements explains the stock: no movement is missing or repeated.

use crate::history::History;
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str =
    "The movements of every SKU add up to its stock, with exactly one line for each change.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for (sku, offer) in &state.offers {
        let lines = || state.movements.iter().filter(|line| line.sku == *sku);
        let (sum, count) = (lines().map(|line| line.delta).sum::<i64>(), lines().count());
        if sum != offer.available {
            findings.push(format!(
                "{sku}: {count} movements add up to {sum}, but {} pieces are available",
                offer.available
            ));
        }
        if count as u64 != offer.stock_version {
            findings.push(format!("{sku}: {count} movements, but its stock changed {} times", offer.stock_version));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

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
    fn missing_movements_that_add_up_to_zero_are_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.movements.retain(|line| line.delta.abs() != 3);
        fixture::assert_one_finding(&check(&state, &history), &["3 movements, but its stock changed 5 times"]);
    }
}
