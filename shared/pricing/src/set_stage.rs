//! Set promotions: they claim pieces, and spread their discount over all pieces that they claim. So the return of a paid piece leaves no
//! piece for free.

use values::Result;

use crate::candidates::{Applied, Candidate};
use crate::goods::Goods;
use crate::promotion::{Effect, SetEffect};
use crate::rounding::{allocate, narrow, product, rate_of};

/// The pieces of each line that a promotion claims, and its discount.
struct Claim {
    pieces: Vec<i64>,
    discount: i64,
}

/// Applies the promotions one after another. Returns the pieces of each line that none has claimed, and the promotions that apply.
pub(crate) fn apply_sets<'a>(sets: &[&Candidate<'a>], goods: &Goods<'_>) -> Result<(Vec<i64>, Vec<Applied<'a>>)> {
    let mut unclaimed: Vec<i64> = goods.lines.iter().map(|line| line.quantity).collect();
    let mut applied = Vec::new();
    for candidate in sets {
        let claim = claim(candidate, goods, &unclaimed)?;
        if claim.discount == 0 {
            continue;
        }
        let values: Vec<i64> = goods.lines.iter().zip(&claim.pieces).map(|(line, pieces)| line.unit * pieces).collect();
        let shares = allocate(claim.discount, &values)?.into_iter().enumerate().filter(|(_, share)| *share > 0);
        applied.push(Applied { promotion: candidate.promotion, shares: shares.collect() });
        for (left, pieces) in unclaimed.iter_mut().zip(&claim.pieces) {
            *left -= pieces;
        }
    }
    Ok((unclaimed, applied))
}

fn claim(candidate: &Candidate<'_>, goods: &Goods<'_>, unclaimed: &[i64]) -> Result<Claim> {
    let none = vec![0; unclaimed.len()];
    let Effect::Set(effect) = &candidate.promotion.effect else {
        return Ok(Claim { pieces: none, discount: 0 });
    };
    match effect {
        SetEffect::BuyXGetY { buy, get, percentage, max_groups } => {
            let size = i64::from(*buy) + i64::from(*get);
            let groups = (candidate.sum_of(unclaimed)? / size.max(1)).min(most(*max_groups));
            // Cheapest first: the rewarded pieces are among the claimed ones.
            let rewarded = first_pieces(&candidate.lines, unclaimed, groups * i64::from(*get));
            let discount = rate_of(goods.value_of(&rewarded)?, percentage.ppm())?;
            Ok(Claim { pieces: first_pieces(&candidate.lines, unclaimed, groups * size), discount })
        }
        SetEffect::Bundle { price, max_groups, .. } => {
            bundle(candidate, goods, unclaimed, goods.scale.rounded_steps(*price)?, most(*max_groups))
        }
        SetEffect::Amount(amount) => {
            let pieces = first_pieces(&candidate.lines, unclaimed, i64::MAX);
            let discount = goods.scale.rounded_steps(*amount)?.min(goods.value_of(&pieces)?);
            Ok(Claim { pieces, discount })
        }
        SetEffect::Gift { sku, quantity } => {
            let mut pieces = none;
            let gift = goods.lines.iter().position(|goods| goods.line.sku == *sku && goods.line.is_discountable);
            if let Some(gift) = gift {
                pieces[gift] = i64::from(*quantity).min(unclaimed[gift]);
            }
            let discount = goods.value_of(&pieces)?;
            Ok(Claim { pieces, discount })
        }
    }
}

/// Forms one bundle after another, of the most expensive pieces first, as long as the buyer saves something.
fn bundle(
    candidate: &Candidate<'_>,
    goods: &Goods<'_>,
    unclaimed: &[i64],
    price: i64,
    max_groups: i64,
) -> Result<Claim> {
    let (mut left, mut claimed) = (unclaimed.to_vec(), vec![0; unclaimed.len()]);
    let (mut discount, mut groups) = (0_i128, 0);
    while let Some(group) = next_group(&candidate.parts, &left) {
        let saving = goods.value_of(&group)? - price;
        // The next groups are the same while there are pieces for them: counted at once, a thousand pieces take no longer than one.
        let needed = left.iter().zip(&group).filter(|(_, needed)| **needed > 0);
        let same = needed.map(|(left, needed)| left / needed).min().unwrap_or(0).min(max_groups - groups);
        if saving <= 0 || same <= 0 {
            break;
        }
        for ((left, claimed), needed) in left.iter_mut().zip(&mut claimed).zip(&group) {
            *left -= same * needed;
            *claimed += same * needed;
        }
        discount += product(saving, same);
        groups += same;
    }
    Ok(Claim { pieces: claimed, discount: narrow(discount)? })
}

/// The pieces of each line for one more bundle; none if there are too few.
fn next_group(parts: &[(i64, Vec<usize>)], unclaimed: &[i64]) -> Option<Vec<i64>> {
    let (mut left, mut group) = (unclaimed.to_vec(), vec![0; unclaimed.len()]);
    for (quantity, lines) in parts {
        let mut missing = *quantity;
        for &line in lines {
            let pieces = missing.min(left[line]);
            left[line] -= pieces;
            group[line] += pieces;
            missing -= pieces;
        }
        if missing > 0 {
            return None;
        }
    }
    Some(group)
}

/// The first pieces of lines in this order, `count` at most, as the pieces of each line.
fn first_pieces(lines: &[usize], unclaimed: &[i64], count: i64) -> Vec<i64> {
    let (mut pieces, mut missing) = (vec![0; unclaimed.len()], count);
    for &line in lines {
        pieces[line] = missing.min(unclaimed[line]);
        missing -= pieces[line];
    }
    pieces
}

fn most(max_groups: Option<u32>) -> i64 {
    max_groups.map_or(i64::MAX, i64::from)
}
