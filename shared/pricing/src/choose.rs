//! Chooses among promotions: every combination that may apply is tried, and the one with the lowest price of the goods wins. Of equal
//! ones, that with fewer promotions, and then that with lower ids.

use values::{Error, Result};

use crate::candidates::{Applied, Candidate, Candidates, turn};
use crate::goods::Goods;
use crate::line_stage::apply_lines;
use crate::order_stage::{order_discount, take_off};
use crate::promotion::Effect;
use crate::rounding::{narrow, total};
use crate::set_stage::apply_sets;
use crate::step::Scale;

/// The goods after discounts.
#[derive(Debug)]
pub(crate) struct DiscountedGoods<'a> {
    /// What is left of each line.
    pub(crate) totals: Vec<i64>,
    pub(crate) applied: Vec<Applied<'a>>,
    /// Whether a promotion applies that combines with no other one.
    pub(crate) is_alone: bool,
}

impl DiscountedGoods<'_> {
    /// What was left of the lines of a promotion that does not apply, when it had its turn. If another one applies alone: what they cost
    /// before discounts.
    pub(crate) fn left_for(&self, candidate: &Candidate<'_>) -> Result<i64> {
        let its_turn = turn(candidate.promotion);
        let is_later = |applied: &&Applied<'_>| self.is_alone || turn(applied.promotion) >= its_turn;
        let later = self.applied.iter().filter(is_later).flat_map(|applied| &applied.shares);
        let later = later.filter(|(line, _)| candidate.lines.contains(line)).map(|&(_, discount)| i128::from(discount));
        narrow(i128::from(candidate.sum_of(&self.totals)?) + later.sum::<i128>())
    }
}

/// Promotions that are tried together.
struct Combination<'a> {
    sets: Vec<&'a Candidate<'a>>,
    lines: &'a [Candidate<'a>],
    /// In the order in which they apply.
    orders: Vec<&'a Candidate<'a>>,
    is_alone: bool,
}

/// A combination and what it is compared by.
struct Choice<'a> {
    combination: Combination<'a>,
    /// What is left of all lines.
    net: i64,
    /// The ids of the promotions that were chosen, sorted.
    ids: Vec<&'a str>,
}

/// Tries at most 101 combinations.
pub(crate) fn choose<'a>(candidates: &'a Candidates<'a>, goods: &Goods<'_>) -> Result<DiscountedGoods<'a>> {
    let mut winner: Option<Choice<'a>> = None;
    let mut consider = |choice: Choice<'a>| {
        if winner.as_ref().is_none_or(|winner| choice.is_better_than(winner)) {
            winner = Some(choice);
        }
    };
    let subsets = 1_usize << candidates.sets.len();
    for subset in 0..subsets {
        let is_in_subset = |(index, _): &(usize, &Candidate<'_>)| (subset >> index) & 1 == 1;
        let sets: Vec<&Candidate<'a>> =
            candidates.sets.iter().enumerate().filter(is_in_subset).map(|(_, set)| set).collect();
        // The same for each order promotion.
        let before = discount_lines(&sets, &candidates.lines, goods)?;
        for best in std::iter::once(None).chain(candidates.best.iter().map(Some)) {
            let orders: Vec<&Candidate<'a>> = best.into_iter().chain(&candidates.stack).collect();
            let net = net_after(&orders, &before.totals, goods.scale)?;
            let ids = sorted_ids(sets.iter().copied().chain(best));
            let combination = Combination { sets: sets.clone(), lines: &candidates.lines, orders, is_alone: false };
            consider(Choice { combination, net, ids });
        }
    }
    for candidate in &candidates.alone {
        let combination = Combination::of_one(candidate);
        let before = discount_lines(&combination.sets, combination.lines, goods)?;
        let net = net_after(&combination.orders, &before.totals, goods.scale)?;
        consider(Choice { combination, net, ids: sorted_ids(std::iter::once(candidate)) });
    }
    match winner {
        Some(choice) => choice.combination.apply(goods),
        None => Err(Error::internal("no combination of promotions was tried")),
    }
}

impl Choice<'_> {
    fn is_better_than(&self, other: &Choice<'_>) -> bool {
        (self.net, self.ids.len(), &self.ids) < (other.net, other.ids.len(), &other.ids)
    }
}

impl<'a> Combination<'a> {
    fn of_one(candidate: &'a Candidate<'a>) -> Self {
        let none: &'a [Candidate<'a>] = &[];
        let (sets, lines, orders) = match candidate.promotion.effect {
            Effect::Set(_) => (vec![candidate], none, Vec::new()),
            Effect::Line(_) => (Vec::new(), std::slice::from_ref(candidate), Vec::new()),
            Effect::Order(_) | Effect::Shipping(_) => (Vec::new(), none, vec![candidate]),
        };
        Self { sets, lines, orders, is_alone: true }
    }

    fn apply(self, goods: &Goods<'_>) -> Result<DiscountedGoods<'a>> {
        let mut discounted = discount_lines(&self.sets, self.lines, goods)?;
        for candidate in &self.orders {
            let discount = order_discount(candidate, &discounted.totals, goods.scale)?;
            if discount > 0 {
                let shares = take_off(candidate, discount, &mut discounted.totals)?;
                discounted.applied.push(Applied { promotion: candidate.promotion, shares });
            }
        }
        Ok(DiscountedGoods { is_alone: self.is_alone, ..discounted })
    }
}

/// The set stage and the line stage.
fn discount_lines<'a>(
    sets: &[&Candidate<'a>],
    lines: &[Candidate<'a>],
    goods: &Goods<'_>,
) -> Result<DiscountedGoods<'a>> {
    let (unclaimed, mut applied) = apply_sets(sets, goods)?;
    applied.extend(apply_lines(lines, goods, &unclaimed)?);
    let mut totals: Vec<i64> = goods.lines.iter().map(|line| line.listed).collect();
    for &(line, discount) in applied.iter().flat_map(|one| &one.shares) {
        totals[line] -= discount;
    }
    Ok(DiscountedGoods { totals, applied, is_alone: false })
}

/// What is left of all lines after order promotions. The last discount need not be divided among the lines.
fn net_after(orders: &[&Candidate<'_>], before: &[i64], scale: Scale) -> Result<i64> {
    let net = total(before)?;
    match orders {
        [] => Ok(net),
        [only] => Ok(net - order_discount(only, before, scale)?),
        [first @ .., last] => {
            let mut totals = before.to_vec();
            for candidate in first {
                let discount = order_discount(candidate, &totals, scale)?;
                take_off(candidate, discount, &mut totals)?;
            }
            Ok(total(&totals)? - order_discount(last, &totals, scale)?)
        }
    }
}

fn sorted_ids<'a>(candidates: impl Iterator<Item = &'a Candidate<'a>>) -> Vec<&'a str> {
    let mut ids: Vec<&str> = candidates.map(|candidate| candidate.promotion.id.as_str()).collect();
    ids.sort_unstable();
    ids
}
