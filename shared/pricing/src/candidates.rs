//! Which promotions may apply: those whose time, code, conditions and scope fit.

use std::cmp::Reverse;

use values::Result;

use crate::breakdown::{Refusal, RefusedPromotion};
use crate::context::Context;
use crate::goods::Goods;
use crate::promotion::{Combine, Effect, Minimum, MinimumOf, OrderEffect, Promotion, SetEffect};
use crate::rounding::narrow;
use crate::scope::Scope;

/// Set promotions that compete: every subset of them is tried.
pub const MAX_SETS: usize = 4;
/// Order promotions of which at most one applies: each of them, and none, is tried with every subset.
pub const MAX_BEST: usize = 5;
/// Promotions that apply alone: each is tried. So at most 101 combinations are priced.
pub const MAX_ALONE: usize = 5;

/// A promotion that may apply.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) promotion: &'a Promotion,
    /// The lines in scope that can have a discount, by SKU. Of buy X get Y: the cheapest first.
    pub(crate) lines: Vec<usize>,
    /// Of a bundle: the pieces and the lines of each part, the most expensive first. The part with the fewest lines comes first.
    pub(crate) parts: Vec<(i64, Vec<usize>)>,
    /// The least value of what is left of its lines when its turn comes.
    pub(crate) min_left: i64,
}

/// A promotion that applies, with the discount of each line.
#[derive(Debug)]
pub(crate) struct Applied<'a> {
    pub(crate) promotion: &'a Promotion,
    pub(crate) shares: Vec<(usize, i64)>,
}

/// The promotions that may apply, each list by priority and id.
#[derive(Debug, Default)]
pub(crate) struct Candidates<'a> {
    pub(crate) sets: Vec<Candidate<'a>>,
    pub(crate) lines: Vec<Candidate<'a>>,
    pub(crate) best: Vec<Candidate<'a>>,
    /// Of one priority, percentages before amounts.
    pub(crate) stack: Vec<Candidate<'a>>,
    pub(crate) alone: Vec<Candidate<'a>>,
    pub(crate) shipping: Vec<Candidate<'a>>,
    pub(crate) refused: Vec<RefusedPromotion>,
}

impl Candidate<'_> {
    /// The sum of the amounts (or pieces) of its lines.
    pub(crate) fn sum_of(&self, amounts: &[i64]) -> Result<i64> {
        narrow(self.lines.iter().map(|&line| i128::from(amounts[line])).sum())
    }
}

impl<'a> Candidates<'a> {
    /// Fails if a promotion has an amount in another currency.
    pub(crate) fn find(promotions: &'a [Promotion], goods: &Goods<'_>, context: &Context) -> Result<Self> {
        let is_entered =
            |promotion: &&Promotion| promotion.code.as_ref().is_none_or(|code| context.codes.contains(code));
        let mut promotions: Vec<&'a Promotion> = promotions.iter().filter(is_entered).collect();
        promotions.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
        let mut found = Self::default();
        for promotion in promotions {
            match candidate(promotion, goods, context)? {
                Ok(candidate) => found.add(candidate),
                Err(refusal) => found.refuse(promotion, refusal),
            }
        }
        found.stack.sort_by(|a, b| turn(a.promotion).cmp(&turn(b.promotion)));
        Ok(found)
    }

    /// All candidates.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Candidate<'a>> {
        [&self.sets, &self.lines, &self.best, &self.stack, &self.alone, &self.shipping].into_iter().flatten()
    }

    fn add(&mut self, candidate: Candidate<'a>) {
        let promotion = candidate.promotion;
        let (list, most) = match (&promotion.effect, promotion.combine) {
            (Effect::Shipping(_), _) => (&mut self.shipping, usize::MAX),
            (_, Combine::Alone) => (&mut self.alone, MAX_ALONE),
            (Effect::Set(_), _) => (&mut self.sets, MAX_SETS),
            (Effect::Line(_), _) => (&mut self.lines, usize::MAX),
            (Effect::Order(_), Combine::Best) => (&mut self.best, MAX_BEST),
            (Effect::Order(_), Combine::Stack) => (&mut self.stack, usize::MAX),
        };
        if list.len() < most {
            list.push(candidate);
        } else {
            self.refuse(promotion, Refusal::TooManyCompeting);
        }
    }

    fn refuse(&mut self, promotion: &Promotion, refusal: Refusal) {
        self.refused.push(RefusedPromotion { id: promotion.id.clone(), refusal });
    }
}

/// When a promotion has its turn: what has a lower turn applies before it. First come sets, lines and what applies alone; then the best order
/// promotion; then those that stack, by priority, percentages before amounts, and by id; then shipping.
pub(crate) fn turn(promotion: &Promotion) -> (u8, u32, bool, &str) {
    match (&promotion.effect, promotion.combine) {
        (Effect::Shipping(_), _) => (3, 0, false, ""),
        (Effect::Order(effect), Combine::Stack) => {
            (2, promotion.priority, matches!(effect, OrderEffect::Amount(_)), promotion.id.as_str())
        }
        (Effect::Order(_), Combine::Best) => (1, 0, false, ""),
        _ => (0, 0, false, ""),
    }
}

/// The promotion with the lines in its scope, or why it does not apply.
fn candidate<'a>(
    promotion: &'a Promotion,
    goods: &Goods<'_>,
    context: &Context,
) -> Result<Result<Candidate<'a>, Refusal>> {
    if let Some(refusal) = violated_condition(promotion, context) {
        return Ok(Err(refusal));
    }
    let mut lines = lines_in(&promotion.scope, goods);
    if lines.is_empty() {
        return Ok(Err(Refusal::NothingInScope));
    }
    let min_left = match promotion.conditions.minimum {
        None => 0,
        Some(Minimum { amount, of }) => {
            let least = goods.scale.steps_to_reach(amount)?;
            if of == MinimumOf::Discounted && matches!(promotion.effect, Effect::Order(_) | Effect::Shipping(_)) {
                least
            } else {
                let listed = listed_value(promotion, &lines, goods)?;
                if listed < least {
                    return Ok(Err(Refusal::BelowMinimum { missing: goods.scale.money(least - listed)? }));
                }
                0
            }
        }
    };
    let mut parts = Vec::new();
    match &promotion.effect {
        Effect::Set(SetEffect::BuyXGetY { .. }) => lines.sort_by_key(|&line| goods.lines[line].unit),
        Effect::Set(SetEffect::Bundle { parts: bundle, .. }) => {
            for part in bundle {
                let mut lines = lines_in(&part.scope, goods);
                lines.sort_by_key(|&line| Reverse(goods.lines[line].unit));
                parts.push((i64::from(part.quantity), lines));
            }
            // A part that has few lines to choose from is served before another one uses them up.
            parts.sort_by_key(|(_, lines)| lines.len());
        }
        _ => {}
    }
    Ok(Ok(Candidate { promotion, lines, parts, min_left }))
}

/// The first condition that does not hold, other than the minimum.
fn violated_condition(promotion: &Promotion, context: &Context) -> Option<Refusal> {
    let conditions = &promotion.conditions;
    let is_one_of = |names: &[String], name: &Option<String>| {
        names.is_empty() || name.as_ref().is_some_and(|name| names.contains(name))
    };
    if promotion.starts_at.is_some_and(|starts_at| context.now < starts_at) {
        Some(Refusal::NotStarted)
    } else if promotion.ends_at.is_some_and(|ends_at| context.now >= ends_at) {
        Some(Refusal::Expired)
    } else if conditions.is_for_first_order && !context.is_first_order {
        Some(Refusal::FirstOrderOnly)
    } else if !is_one_of(&conditions.customer_groups, &context.customer_group) {
        Some(Refusal::OtherGroup)
    } else if !is_one_of(&conditions.countries, &context.country) {
        Some(Refusal::OtherCountry)
    } else {
        None
    }
}

fn lines_in(scope: &Scope, goods: &Goods<'_>) -> Vec<usize> {
    let lines = goods.lines.iter().enumerate().filter(|(_, goods)| scope.has_discountable(goods.line));
    lines.map(|(index, _)| index).collect()
}

/// The listed value of the lines. A gift does not count for its own minimum.
fn listed_value(promotion: &Promotion, lines: &[usize], goods: &Goods<'_>) -> Result<i64> {
    let value = |&index: &usize| {
        let line = &goods.lines[index];
        let gifts = match &promotion.effect {
            Effect::Set(SetEffect::Gift { sku, quantity }) if line.line.sku == *sku => i64::from(*quantity),
            _ => 0,
        };
        i128::from(line.listed - line.unit * gifts.min(line.quantity))
    };
    narrow(lines.iter().map(value).sum())
}
