//! Chooses the segments to merge. Every search reads every segment, and every merge is written and uploaded again. So
//! segments form tiers of size with a few segments each. 100,000 products lie in some 15 segments, and each product is
//! rewritten some five times.

/// Documents in a segment of the lowest tier, at most. Each further tier holds five times as many.
const FIRST_TIER_DOCUMENTS: u32 = 32;
const TIER_FACTOR: u32 = 5;
/// When a tier has this many segments, they become one segment of the next tier.
const SEGMENTS_PER_TIER: usize = 5;

/// The documents of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// All documents, with the deleted ones.
    pub(crate) total: u32,
    /// Documents that are not deleted.
    pub(crate) live: u32,
}

impl Segment {
    fn tier(self) -> u32 {
        let (mut tier, mut bound) = (0, FIRST_TIER_DOCUMENTS);
        while self.live > bound {
            tier += 1;
            bound = bound.saturating_mul(TIER_FACTOR);
        }
        tier
    }

    /// More than a third of the documents are deleted.
    fn has_many_deleted(self) -> bool {
        self.total - self.live > self.total / 3
    }
}

/// Returns the indexes of the segments to merge next, or nothing. First come the segments of the lowest tier that is
/// full. Then comes a single segment with many deleted documents, which is rewritten without them.
pub(crate) fn segments_to_merge(segments: &[Segment]) -> Vec<usize> {
    let of_tier = |tier: u32| (0..segments.len()).filter(move |index| segments[*index].tier() == tier);
    let full =
        (0..=u32::BITS).map(of_tier).map(Iterator::collect::<Vec<_>>).find(|tier| tier.len() >= SEGMENTS_PER_TIER);
    full.unwrap_or_else(|| (0..segments.len()).find(|index| segments[*index].has_many_deleted()).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn intact(total: u32) -> Segment {
        Segment { total, live: total }
    }

    #[test]
    fn full_tier_is_merged() {
        assert!(segments_to_merge(&[intact(1), intact(2), intact(900), intact(3), intact(4)]).is_empty());
        assert_eq!(
            segments_to_merge(&[intact(1), intact(900), intact(2), intact(3), intact(4), intact(5)]),
            [0, 2, 3, 4, 5]
        );
    }

    #[test]
    fn segment_with_many_deleted_documents_is_rewritten() {
        assert_eq!(segments_to_merge(&[intact(100), Segment { total: 90, live: 50 }]), [1]);
        assert!(segments_to_merge(&[Segment { total: 90, live: 60 }]).is_empty());
        assert_eq!(segments_to_merge(&[Segment { total: 1, live: 0 }]), [0], "an empty segment is removed");
    }

    proptest! {
        #[test]
        fn import_ends_in_few_segments_and_writes_each_product_few_times(batch in 1u32..=100) {
            let (mut segments, mut written, products) = (Vec::<Segment>::new(), 0u64, 20_000);
            for _ in 0..products / batch {
                segments.push(intact(batch));
                written += u64::from(batch);
                loop {
                    let merged = segments_to_merge(&segments);
                    if merged.is_empty() {
                        break;
                    }
                    let sum = merged.iter().map(|index| segments[*index].live).sum();
                    let mut index = 0;
                    segments.retain(|_| { index += 1; !merged.contains(&(index - 1)) });
                    segments.push(intact(sum));
                    written += u64::from(sum);
                }
            }
            prop_assert!(segments.len() <= 24, "{} segments", segments.len());
            prop_assert!(written <= 12 * u64::from(products), "{written} products written");
        }
    }
}
