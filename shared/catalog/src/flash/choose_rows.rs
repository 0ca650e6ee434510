//! Which rows an order reserves in, and which groups a rebalance writes. Pure: the caller passes what it has read and a random number.

use crate::flash::buckets::FlashSale;
use crate::stock::reservation::{Part, StockRow};

/// The most rows that one line of an order is reserved in.
pub const MAX_PARTS: usize = 8;
/// The groups that one rebalance writes.
pub(crate) const MAX_GROUPS: usize = 3;

/// A bucket that is not known to have fewer pieces than wanted; none if all are.
pub(crate) fn choose_bucket(
    buckets: u16,
    quantity: u32,
    known: impl Fn(u16) -> Option<u32>,
    random: usize,
) -> Option<u16> {
    let is_candidate = |bucket: &u16| known(*bucket).is_none_or(|pieces| pieces >= quantity);
    choose_one(&(0..buckets).filter(is_candidate).collect::<Vec<u16>>(), random)
}

/// The rows to reserve in, of rows with these pieces: a random one that has enough, or else the largest ones together, if a line may be
/// split. None if neither suffices.
pub(crate) fn choose_parts(
    rows: &[(StockRow, u32)],
    quantity: u32,
    may_split: bool,
    random: usize,
) -> Option<Vec<Part>> {
    let enough: Vec<StockRow> = rows.iter().filter(|(_, pieces)| *pieces >= quantity).map(|(row, _)| *row).collect();
    if let Some(row) = choose_one(&enough, random) {
        return Some(vec![Part { row, pieces: quantity }]);
    }
    let mut largest = rows.to_vec();
    largest.sort_by_key(|(_, pieces)| std::cmp::Reverse(*pieces));
    let (mut parts, mut wanted) = (Vec::new(), quantity);
    for (row, pieces) in largest.into_iter().take(MAX_PARTS).filter(|_| may_split) {
        let pieces = pieces.min(wanted);
        wanted -= pieces;
        parts.extend((pieces > 0).then_some(Part { row, pieces }));
    }
    (wanted == 0).then_some(parts)
}

/// What buckets have after a spread: an equal part of the tail more. `left` counts these buckets and those that are spread to after them.
pub(crate) fn spread(tail: u32, left: u32, buckets: &[u32]) -> Vec<u32> {
    let share = tail.checked_div(left).unwrap_or(0);
    buckets.iter().map(|pieces| pieces + share).collect()
}

/// The groups to empty next: the one with the most pieces, or else those that were read empty and have a bound. `pieces` has those of each
/// group. None if all bounds are 0.
pub(crate) fn groups_to_empty(flash: &FlashSale, pieces: &[u32]) -> Vec<usize> {
    let of = |group: usize| pieces.get(group).copied().unwrap_or(0);
    match flash.groups_with_bound().filter(|group| of(*group) > 0).max_by_key(|group| of(*group)) {
        Some(fullest) => vec![fullest],
        None => flash.groups_with_bound().take(MAX_GROUPS).collect(),
    }
}

/// What housekeeping does with a bucketed offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rebalance {
    /// All groups are emptied: there are fewer pieces than buckets.
    Empty,
    /// The tail is spread.
    Spread,
    /// The bounds of these groups are set to what they have.
    Measure(Vec<usize>),
}

/// What housekeeping does next with an offer that has `tail` pieces in no bucket, and `pieces` in each group.
pub(crate) fn choose_rebalance(flash: &FlashSale, tail: u32, pieces: &[u32]) -> Rebalance {
    let buckets = u32::from(flash.buckets);
    if tail + pieces.iter().sum::<u32>() < buckets {
        return Rebalance::Empty;
    }
    if tail >= buckets {
        return Rebalance::Spread;
    }
    let is_loose = |group: &usize| flash.bounds.get(*group) > pieces.get(*group);
    Rebalance::Measure(flash.groups().filter(is_loose).collect())
}

fn choose_one<T: Copy>(candidates: &[T], random: usize) -> Option<T> {
    candidates.get(random.checked_rem(candidates.len())?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flash(bounds: &[u32]) -> FlashSale {
        let buckets = u16::try_from(bounds.len()).unwrap() * 32;
        FlashSale { bounds: bounds.to_vec(), ..FlashSale::new(buckets, 1) }
    }

    fn buckets(pieces: &[u32]) -> Vec<(StockRow, u32)> {
        pieces.iter().zip(0..).map(|(pieces, bucket)| (StockRow::Bucket(bucket), *pieces)).collect()
    }

    #[test]
    fn bucket_is_left_out_while_it_is_known_to_be_too_small() {
        let known = |bucket: u16| [Some(0), None, Some(2)][usize::from(bucket)];
        let chosen = |quantity: u32| (0..6).map(|random| choose_bucket(3, quantity, known, random)).collect::<Vec<_>>();
        assert_eq!(chosen(2), [Some(1), Some(2), Some(1), Some(2), Some(1), Some(2)]);
        assert_eq!(chosen(3), [Some(1); 6]);
        assert_eq!(choose_bucket(3, 1, |_| Some(0), 4), None);
    }

    #[test]
    fn line_is_split_over_the_largest_rows() {
        let rows = [buckets(&[1, 0, 2, 2]), vec![(StockRow::Tail, 3)]].concat();
        assert_eq!(choose_parts(&rows, 3, true, 9), Some(vec![Part { row: StockRow::Tail, pieces: 3 }]));
        let split = choose_parts(&rows, 6, true, 9).unwrap();
        assert_eq!(split.iter().map(|part| part.pieces).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(choose_parts(&rows, 6, false, 9), None);
        assert_eq!(choose_parts(&rows, 9, true, 9), None, "they have 8 together");
        assert_eq!(choose_parts(&buckets(&[1; 9]), 9, true, 0), None, "more than 8 rows");
        assert_eq!(choose_parts(&buckets(&[1; 9]), 8, true, 0).map(|parts| parts.len()), Some(8));
    }

    #[test]
    fn full_groups_are_emptied_one_by_one_and_empty_ones_together() {
        assert_eq!(groups_to_empty(&flash(&[9, 9, 9]), &[2, 5, 0]), [1]);
        assert_eq!(groups_to_empty(&flash(&[9, 0, 9, 1, 1]), &[0; 5]), [0, 2, 3]);
        assert_eq!(groups_to_empty(&flash(&[0, 0]), &[0, 0]), [0usize; 0]);
    }

    #[test]
    fn housekeeping_returns_to_one_row_and_spreads_and_measures() {
        let sale = flash(&[40, 30]);
        assert_eq!(choose_rebalance(&sale, 3, &[30, 30]), Rebalance::Empty);
        assert_eq!(choose_rebalance(&sale, 64, &[0, 0]), Rebalance::Spread);
        assert_eq!(choose_rebalance(&sale, 63, &[1, 30]), Rebalance::Measure(vec![0]));
        assert_eq!(choose_rebalance(&sale, 0, &[40, 30]), Rebalance::Measure(vec![]));
    }

    proptest! {
        #[test]
        fn parts_are_what_is_wanted_and_what_the_rows_have(
            pieces in prop::collection::vec(0u32..5, 0..20), quantity in 1u32..30, may_split: bool, random: usize,
        ) {
            let rows = buckets(&pieces);
            let mut sorted = pieces.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let most: u32 = sorted.iter().take(if may_split { MAX_PARTS } else { 1 }).sum();
            match choose_parts(&rows, quantity, may_split, random) {
                None => prop_assert!(most < quantity),
                Some(parts) => {
                    prop_assert_eq!(parts.iter().map(|part| part.pieces).sum::<u32>(), quantity);
                    prop_assert!(parts.len() <= MAX_PARTS && (may_split || parts.len() == 1));
                    for part in &parts {
                        let has = rows.iter().find(|(row, _)| *row == part.row).map(|(_, pieces)| *pieces);
                        prop_assert!(part.pieces > 0 && has >= Some(part.pieces));
                    }
                }
            }
        }

        #[test]
        fn spread_keeps_what_does_not_divide(tail in 0u32..5_000, pieces in prop::collection::vec(0u32..9, 1..97)) {
            let left = u32::try_from(pieces.len()).unwrap();
            let after = spread(tail, left, &pieces);
            let added = after.iter().sum::<u32>() - pieces.iter().sum::<u32>();
            prop_assert!(added <= tail && tail - added < left);
        }
    }
}
