//! In a flash sale the row of the offer knows how many pieces its buckets have at most. It refuses by that number.

use std::collections::BTreeMap;

use crate::history::History;
use crate::observed::{Flash, ObservedState, Offer};

pub(super) const INVARIANT: &str =
    "A group of buckets has at most as many pieces as its offer says, and a bucket that is not in use is empty.";

/// The number of buckets that share a bound.
const GROUP: usize = 32;

pub(super) fn check(state: &ObservedState, _: &History) -> Vec<String> {
    state.offers.values().flat_map(|offer| check_offer(state, offer)).collect()
}

fn check_offer(state: &ObservedState, offer: &Offer) -> Vec<String> {
    let (sku, mut findings) = (&offer.sku, Vec::new());
    // An offer without a flash sale has no buckets in use.
    let Flash { buckets, bounds } = offer.flash.clone().unwrap_or_default();
    let mut groups = BTreeMap::<usize, i64>::new();
    for bucket in state.buckets_of(sku) {
        let (number, pieces) = (bucket.number, bucket.available);
        if number < buckets {
            *groups.entry(number / GROUP).or_default() += pieces;
        } else if pieces != 0 {
            findings.push(format!("{sku}: bucket {number} has {pieces} pieces, but only {buckets} are in use"));
        }
    }
    for (group, pieces) in groups {
        let bound = bounds.get(group).copied().unwrap_or(0);
        if pieces > bound {
            findings.push(format!("{sku}: the buckets of group {group} have {pieces} pieces, but {bound} at most"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, JAR};

    /// The findings after this change of the jars' offer. Bucket 0 has 2 of at most 2 pieces, and bucket 33 has 1 of at most 4.
    fn findings_for(change: impl FnOnce(&mut Flash)) -> Vec<String> {
        let (mut state, history) = fixture::valid_run();
        change(state.offers.get_mut(JAR).and_then(|offer| offer.flash.as_mut()).expect("a flash sale"));
        check(&state, &history)
    }

    #[test]
    fn more_pieces_than_the_bound_are_a_violation() {
        assert!(findings_for(|flash| flash.bounds = vec![2, 1]).is_empty());
        fixture::assert_one_finding(
            &findings_for(|flash| flash.bounds = vec![1, 1]),
            &["JAR: the buckets of group 0 have 2 pieces, but 1 at most"],
        );
        fixture::assert_one_finding(
            &findings_for(|flash| flash.bounds = vec![2]),
            &["JAR: the buckets of group 1 have 1 pieces, but 0 at most"],
        );
    }

    #[test]
    fn pieces_in_a_bucket_that_is_not_in_use_are_a_violation() {
        fixture::assert_one_finding(
            &findings_for(|flash| flash.buckets = 33),
            &["JAR: bucket 33 has 1 pieces, but only 33 are in use"],
        );
        let (mut state, history) = fixture::valid_run();
        state.offers.get_mut(JAR).expect("the jar").flash = None;
        assert_eq!(check(&state, &history).len(), 2, "no bucket is in use");
        state.buckets.iter_mut().for_each(|bucket| bucket.available = 0);
        assert!(check(&state, &history).is_empty(), "empty buckets stay");
    }
}
