//! What a buyer could do for a better price. Pure.

use pricing::{Breakdown, Refusal, RefusedPromotion, Reward};
use values::{Money, PromotionId, Result, Sku};

/// What a buyer could do for a better price.
#[derive(Debug, Clone, PartialEq)]
pub enum Hint {
    /// The promotion applies if the goods cost so much more.
    Minimum { promotion: PromotionId, missing: Money },
    /// So many pieces of the SKU would be free.
    Reward { promotion: PromotionId, sku: Sku, quantity: u32 },
}

/// The hints of a price.
pub(crate) fn hints(breakdown: &Breakdown) -> Result<Vec<Hint>> {
    let minimum = |refused: &RefusedPromotion| match refused.refusal {
        Refusal::BelowMinimum { missing } => Some((&refused.id, missing)),
        _ => None,
    };
    let minimums = breakdown.refused.iter().filter_map(minimum);
    let minimums = minimums.map(|(id, missing)| Ok(Hint::Minimum { promotion: id.parse()?, missing }));
    let reward = |reward: &Reward| {
        Ok(Hint::Reward { promotion: reward.promotion.parse()?, sku: reward.sku.clone(), quantity: reward.quantity })
    };
    minimums.chain(breakdown.rewards.iter().map(reward)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::changed_part::tests::{breakdown, eur};
    use values::Clock;

    #[test]
    fn hints_are_what_is_missing_and_what_would_be_free() {
        let [free_shipping, mug, other]: [PromotionId; 3] = std::array::from_fn(|_| Clock::System.mint());
        let refused = |id: &PromotionId, refusal: Refusal| RefusedPromotion { id: id.to_string(), refusal };
        let priced = Breakdown {
            refused: vec![
                refused(&other, Refusal::Excluded),
                refused(&free_shipping, Refusal::BelowMinimum { missing: eur(410) }),
            ],
            rewards: vec![Reward { promotion: mug.to_string(), sku: "MUG".parse().unwrap(), quantity: 1 }],
            ..breakdown()
        };
        let expected = [
            Hint::Minimum { promotion: free_shipping, missing: eur(410) },
            Hint::Reward { promotion: mug, sku: "MUG".parse().unwrap(), quantity: 1 },
        ];
        assert_eq!(hints(&priced).unwrap(), expected);
        assert!(hints(&breakdown()).unwrap().is_empty());
    }
}
