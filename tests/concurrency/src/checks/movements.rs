//! The log of movements says how there came to be as many as there are: nothing is missing in it, and nothing is told twice.

use crate::history::History;
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str =
    "The movements of every SKU add up to its stock, with a line for each time that it changed and no other.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut findings = Vec::new();
    for (sku, offer) in &state.offers {
        let lines = || state.movements.iter().filter(|line| line.sku == *sku);
        let (sum, count) = (lines().map(|line| line.delta).sum::<i64>(), lines().count());
        if sum != offer.available {
            findings.push(format!("{sku}: {count} movements come to {sum}, but {} are available", offer.available));
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
    fn a_sale_that_was_not_logged_is_found() {
        let (mut state, history) = fixture::valid_run();
        state.movements.retain(|line| line.delta != -2);
        let findings = check(&state, &history);
        assert!(
            findings.len() == 2 && findings[0].contains("4 movements come to 15, but 13 are available"),
            "{findings:?}"
        );
    }

    #[test]
    fn what_was_logged_twice_is_found() {
        let (mut state, history) = fixture::valid_run();
        let twice = state.movements.iter().find(|line| line.delta == -2).cloned();
        state.movements.extend(twice);
        let findings = check(&state, &history);
        assert!(
            findings.len() == 2 && findings[0].contains("6 movements come to 11, but 13 are available"),
            "{findings:?}"
        );
    }

    #[test]
    fn what_cancels_out_has_to_be_there_all_the_same() {
        let (mut state, history) = fixture::valid_run();
        state.movements.retain(|line| line.delta.abs() != 3);
        fixture::assert_one_finding(&check(&state, &history), &["3 movements, but its stock changed 5 times"]);
    }
}
