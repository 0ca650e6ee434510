//! Which segments become one. Every search looks into every segment, and every merge is written and uploaded again: tiers of
//! size, a few segments in each, so that 100,000 products lie in some 15 segments and each is rewritten some five times.

/// The lowest tier holds segments of so many documents; each further one, five times as many.
const SMALLEST: u32 = 32;
const GROWTH: u32 = 5;
/// Segments of a tier that become one. As many as a tier is wide, so that they become one of the next.
const MANY: usize = 5;

/// A segment, counted in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// With those that were deleted.
    pub(crate) size: u32,
    /// Without them.
    pub(crate) alive: u32,
}

impl Segment {
    fn tier(self) -> u32 {
        let (mut tier, mut bound) = (0, SMALLEST);
        while self.alive > bound {
            tier += 1;
            bound = bound.saturating_mul(GROWTH);
        }
        tier
    }

    /// More than a third of it is deleted.
    fn is_worn(self) -> bool {
        self.size - self.alive > self.size / 3
    }
}

/// The segments to merge next, by index; none when all is well. First of the lowest tier that has too many, then one that
/// is worn: by itself.
pub(crate) fn due(segments: &[Segment]) -> Vec<usize> {
    let of_tier = |tier: u32| (0..segments.len()).filter(move |index| segments[*index].tier() == tier);
    let full = (0..=u32::BITS).map(of_tier).map(Iterator::collect::<Vec<_>>).find(|tier| tier.len() >= MANY);
    full.unwrap_or_else(|| (0..segments.len()).find(|index| segments[*index].is_worn()).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(size: u32) -> Segment {
        Segment { size, alive: size }
    }

    #[test]
    fn a_few_segments_are_left_alone_and_many_become_one() {
        assert!(due(&[whole(1), whole(2), whole(900), whole(3), whole(4)]).is_empty());
        assert_eq!(due(&[whole(1), whole(900), whole(2), whole(3), whole(4), whole(5)]), [0, 2, 3, 4, 5]);
    }

    #[test]
    fn a_worn_segment_is_written_anew() {
        assert_eq!(due(&[whole(100), Segment { size: 90, alive: 50 }]), [1]);
        assert!(due(&[Segment { size: 90, alive: 60 }]).is_empty());
        assert_eq!(due(&[Segment { size: 1, alive: 0 }]), [0], "and one that is empty goes away");
    }

    proptest! {
        #[test]
        fn an_import_ends_in_few_segments_and_writes_each_product_few_times(batch in 1u32..=100) {
            let (mut segments, mut written, products) = (Vec::<Segment>::new(), 0u64, 20_000);
            for _ in 0..products / batch {
                segments.push(whole(batch));
                written += u64::from(batch);
                loop {
                    let together = due(&segments);
                    if together.is_empty() {
                        break;
                    }
                    let sum = together.iter().map(|index| segments[*index].alive).sum();
                    let mut index = 0;
                    segments.retain(|_| { index += 1; !together.contains(&(index - 1)) });
                    segments.push(whole(sum));
                    written += u64::from(sum);
                }
            }
            prop_assert!(segments.len() <= 24, "{} segments", segments.len());
            prop_assert!(written <= 12 * u64::from(products), "{written} products written");
        }
    }
}
