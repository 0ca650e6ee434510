//! SKUs that differ only in letter case are the same SKU to people, so only one of them is for sale.

use std::collections::BTreeMap;

use crate::history::History;
use crate::observed::ObservedState;

pub(super) const INVARIANT: &str = "No two SKUs differ in letter case only.";

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    let mut spellings: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for sku in state.offers.keys() {
        spellings.entry(sku.to_lowercase()).or_default().push(sku);
    }
    let several = spellings.into_values().filter(|spellings| spellings.len() > 1);
    several.map(|spellings| format!("{} are SKUs of different offers", spellings.join(" and "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, MUG};

    #[test]
    fn second_spelling_is_a_violation() {
        let (mut state, history) = fixture::valid_run();
        state.offers.insert("MUG-2".to_owned(), state.offers[MUG].clone());
        assert!(check(&state, &history).is_empty());
        state.offers.insert("Mug".to_owned(), state.offers[MUG].clone());
        fixture::assert_one_finding(&check(&state, &history), &["MUG and Mug are SKUs of different offers"]);
    }
}
