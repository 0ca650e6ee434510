//! Order promotions: each is computed once for all its lines, on what earlier promotions have left, and then divided among the lines.

use values::Result;

use crate::candidates::Candidate;
use crate::promotion::{Effect, OrderEffect};
use crate::rounding::{allocate, rate_of};
use crate::step::Scale;

/// The discount of a promotion on what is left of the lines. Zero below its minimum.
pub(crate) fn order_discount(candidate: &Candidate<'_>, totals: &[i64], scale: Scale) -> Result<i64> {
    let Effect::Order(effect) = candidate.promotion.effect else { return Ok(0) };
    let left = candidate.sum_of(totals)?;
    if left < candidate.min_left {
        return Ok(0);
    }
    match effect {
        OrderEffect::Percentage(percentage) => rate_of(left, percentage.ppm()),
        OrderEffect::Amount(amount) => Ok(scale.rounded_steps(amount)?.min(left)),
    }
}

/// Divides a discount among the lines of a promotion by what is left of them, and subtracts it from them.
pub(crate) fn take_off(candidate: &Candidate<'_>, discount: i64, totals: &mut [i64]) -> Result<Vec<(usize, i64)>> {
    let values: Vec<i64> = candidate.lines.iter().map(|&line| totals[line]).collect();
    let shares = allocate(discount, &values)?;
    let shares: Vec<(usize, i64)> =
        candidate.lines.iter().copied().zip(shares).filter(|(_, share)| *share > 0).collect();
    for &(line, share) in &shares {
        totals[line] -= share;
    }
    Ok(shares)
}
