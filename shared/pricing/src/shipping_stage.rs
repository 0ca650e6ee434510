//! The shipping promotion: the single one that is best for the buyer.

use values::Result;

use crate::candidates::Candidate;
use crate::choose::DiscountedGoods;
use crate::promotion::{Combine, Effect, Promotion, ShippingEffect};
use crate::rounding::rate_of;
use crate::step::Scale;

/// The promotion with the largest discount of the price of the method, and that discount. Of equal ones, the first.
pub(crate) fn best_shipping<'a>(
    candidates: &[Candidate<'a>],
    price: i64,
    goods: &DiscountedGoods<'_>,
    scale: Scale,
) -> Result<Option<(&'a Promotion, i64)>> {
    let mut best: Option<(&'a Promotion, i64)> = None;
    for candidate in candidates {
        let promotion = candidate.promotion;
        let is_excluded = goods.is_alone || (promotion.combine == Combine::Alone && !goods.applied.is_empty());
        let Effect::Shipping(effect) = promotion.effect else { continue };
        if is_excluded || candidate.sum_of(&goods.totals)? < candidate.min_left {
            continue;
        }
        let discount = match effect {
            ShippingEffect::Percentage(percentage) => rate_of(price, percentage.ppm())?,
            ShippingEffect::Free { up_to: None } => price,
            ShippingEffect::Free { up_to: Some(up_to) } => scale.rounded_steps(up_to)?.min(price),
        };
        if discount > best.map_or(0, |(_, discount)| discount) {
            best = Some((promotion, discount));
        }
    }
    Ok(best)
}
