//! Line promotions: the pieces of a line that no set has claimed get the single promotion that is best for the buyer.

use values::Result;

use crate::candidates::{Applied, Candidate};
use crate::goods::{Goods, GoodsLine};
use crate::promotion::{Effect, LineEffect, UnitEffect};
use crate::rounding::rate_of;
use crate::step::Scale;

/// Returns the promotions that apply. Of equal discounts of a line, the first promotion applies.
pub(crate) fn apply_lines<'a>(
    candidates: &[Candidate<'a>],
    goods: &Goods<'_>,
    unclaimed: &[i64],
) -> Result<Vec<Applied<'a>>> {
    // The discount of each line, and the candidate that gives it.
    let mut best = vec![(0, 0); goods.lines.len()];
    for (index, candidate) in candidates.iter().enumerate() {
        let Effect::Line(effect) = &candidate.promotion.effect else { continue };
        for &line in &candidate.lines {
            let discount = discount(effect, &goods.lines[line], unclaimed[line], goods.scale)?;
            if discount > best[line].0 {
                best[line] = (discount, index);
            }
        }
    }
    let applied = |candidate: &Candidate<'a>| Applied { promotion: candidate.promotion, shares: Vec::new() };
    let mut applied: Vec<Applied<'a>> = candidates.iter().map(applied).collect();
    for (line, (discount, index)) in best.into_iter().enumerate() {
        if discount > 0 {
            applied[index].shares.push((line, discount));
        }
    }
    applied.retain(|one| !one.shares.is_empty());
    Ok(applied)
}

/// The discount of some pieces of a line, never more than their value.
fn discount(effect: &LineEffect, line: &GoodsLine<'_>, pieces: i64, scale: Scale) -> Result<i64> {
    let unit = match effect {
        LineEffect::Unit(effect) => Some(*effect),
        LineEffect::Tiers(tiers) => {
            let reached = tiers.iter().filter(|tier| i64::from(tier.min_quantity) <= line.quantity);
            reached.max_by_key(|tier| tier.min_quantity).map(|tier| tier.effect)
        }
    };
    match unit {
        None => Ok(0),
        Some(UnitEffect::Percentage(percentage)) => rate_of(line.unit * pieces, percentage.ppm()),
        Some(UnitEffect::Amount(amount)) => Ok(scale.rounded_steps(amount)?.min(line.unit) * pieces),
        Some(UnitEffect::Price(price)) => Ok((line.unit - scale.rounded_steps(price)?).max(0) * pieces),
    }
}
