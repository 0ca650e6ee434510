//! The price of an order, stage by stage.

use values::{Money, Result};

use crate::breakdown::{
    AppliedPromotion, Breakdown, DiscountShare, PricedLine, PricedShipping, Refusal, RefusedPromotion, Reward,
    TaxShare, TaxSum,
};
use crate::candidates::{Candidate, Candidates};
use crate::choose::{DiscountedGoods, choose};
use crate::context::{Context, PriceMode, ShippingMethod};
use crate::goods::Goods;
use crate::line::Line;
use crate::promotion::{Effect, Promotion, SetEffect};
use crate::rounding::{MILLION, narrow};
use crate::rules::Rules;
use crate::shipping_stage::best_shipping;
use crate::step::Scale;
use crate::tax::{Share, Taxed, Taxes, tax};

/// Prices lines: unit prices, promotions on sets, lines and the order, shipping, tax. docs/pricing.md has the rules.
///
/// Fails with 422 for a field: `price_missing` for a line without a price in this market, `tax_class_unknown`, `step_mismatch`,
/// `currency_mismatch`, `amount_out_of_range` for a negative amount, `amount_too_large` for a sum that does not fit.
pub fn price(lines: &[Line], context: &Context, rules: &Rules) -> Result<Breakdown> {
    let goods = Goods::new(lines, context)?;
    let candidates = Candidates::find(&rules.promotions, &goods, context)?;
    let discounted = choose(&candidates, &goods)?;
    let method = context.shipping.as_ref().filter(|_| !lines.is_empty());
    let shipping = match method {
        None => None,
        Some(method) => {
            let price = goods.scale.steps(method.price, "shippingMethod")?;
            let promotion = best_shipping(&candidates.shipping, price, &discounted, goods.scale)?;
            Some(Shipping { method, price, promotion })
        }
    };
    let left = shipping.as_ref().map_or(0, |shipping| shipping.price - shipping.discount());
    let taxes = tax(&goods, &discounted.totals, left, context, rules)?;
    let refused = refused(&candidates, &discounted, shipping.as_ref(), goods.scale)?;
    let rewards = rewards(&candidates, &discounted, &goods);
    let priced = Priced { goods: &goods, discounted: &discounted, shipping, taxes: &taxes, context, rules };
    priced.into_breakdown(refused, rewards)
}

/// Shipping before tax.
struct Shipping<'a> {
    method: &'a ShippingMethod,
    price: i64,
    /// With its discount.
    promotion: Option<(&'a Promotion, i64)>,
}

impl Shipping<'_> {
    fn discount(&self) -> i64 {
        self.promotion.map_or(0, |(_, discount)| discount)
    }
}

/// The results of all stages, in steps.
struct Priced<'a> {
    goods: &'a Goods<'a>,
    discounted: &'a DiscountedGoods<'a>,
    shipping: Option<Shipping<'a>>,
    taxes: &'a Taxes<'a>,
    context: &'a Context,
    rules: &'a Rules,
}

impl Priced<'_> {
    fn into_breakdown(self, refused: Vec<RefusedPromotion>, rewards: Vec<Reward>) -> Result<Breakdown> {
        let scale = self.goods.scale;
        let (discounts, mut promotions) = self.discounts()?;
        let mut positions: Vec<usize> = (0..self.goods.lines.len()).collect();
        positions.sort_unstable_by_key(|&line| self.goods.lines[line].position);
        let lines = positions.into_iter().map(|line| self.line(line, &discounts[line]));
        let lines = lines.collect::<Result<Vec<PricedLine>>>()?;
        let shipping_method = self.shipping.as_ref().map(|shipping| self.shipping(shipping, &mut promotions));
        let shipping_method = shipping_method.transpose()?;
        let sum = |amount: fn(&PricedLine) -> Money| {
            let amounts = lines.iter().map(|line| i128::from(amount(line).amount));
            narrow(amounts.sum()).map(|amount| Money::new(amount, self.context.market.currency))
        };
        let (subtotal, discount) = (sum(|line| line.subtotal)?, sum(|line| line.discount)?);
        let zero = Money::zero(self.context.market.currency);
        let shipping = shipping_method.as_ref().map_or(zero, |shipping| shipping.total);
        let tax = scale.money(narrow(self.taxes.groups.iter().map(|group| i128::from(group.amount)).sum())?)?;
        let (tax, included_tax) = match self.context.market.prices {
            PriceMode::Net => (tax, zero),
            PriceMode::Gross => (zero, tax),
        };
        let total = subtotal.minus(discount)?.plus(shipping)?.plus(tax)?;
        Ok(Breakdown {
            currency: self.context.market.currency,
            lines,
            shipping_method,
            promotions,
            refused,
            rewards,
            taxes: self.tax_sums()?,
            subtotal,
            discount,
            shipping,
            tax,
            included_tax,
            total,
        })
    }

    /// The discounts of each line of the goods, and the promotions that give them.
    fn discounts(&self) -> Result<(Vec<Vec<DiscountShare>>, Vec<AppliedPromotion>)> {
        let scale = self.goods.scale;
        let mut discounts = vec![Vec::new(); self.goods.lines.len()];
        let mut promotions = Vec::with_capacity(self.discounted.applied.len());
        for (index, applied) in self.discounted.applied.iter().enumerate() {
            let mut amount = 0;
            for &(line, discount) in &applied.shares {
                let discount = without_removed_tax(discount, &self.taxes.lines[line])?;
                amount += discount;
                discounts[line].push(DiscountShare { promotion: index, amount: scale.money(discount)? });
            }
            promotions.push(applied_promotion(applied.promotion, scale.money(amount)?));
        }
        Ok((discounts, promotions))
    }

    fn line(&self, line: usize, discounts: &[DiscountShare]) -> Result<PricedLine> {
        let scale = self.goods.scale;
        let (goods, taxed) = (&self.goods.lines[line], &self.taxes.lines[line]);
        let zero = Money::zero(self.context.market.currency);
        let discount = discounts.iter().try_fold(zero, |sum, share| sum.plus(share.amount))?;
        let total = scale.money(taxed.total)?;
        Ok(PricedLine {
            sku: goods.line.sku.clone(),
            quantity: goods.line.quantity,
            unit_price: scale.money(goods.unit)?,
            subtotal: total.plus(discount)?,
            discount,
            discounts: discounts.to_vec(),
            total,
            net: scale.money(taxed.net)?,
            taxes: tax_shares(&taxed.shares, scale)?,
        })
    }

    /// The shipping method. Adds its promotion.
    fn shipping(&self, shipping: &Shipping<'_>, promotions: &mut Vec<AppliedPromotion>) -> Result<PricedShipping> {
        let (scale, taxed) = (self.goods.scale, &self.taxes.shipping);
        let mut discount = shipping.discount();
        if discount > 0 && self.context.exemption.is_some() {
            // What the buyer would pay without the discount, less what they pay: neither contains the tax that they do not pay.
            let full = tax(self.goods, &self.discounted.totals, shipping.price, self.context, self.rules)?;
            discount = (full.shipping.total - taxed.total).max(0);
        }
        let (discount, total) = (scale.money(discount)?, scale.money(taxed.total)?);
        let promotion = shipping.promotion.map(|(promotion, _)| {
            promotions.push(applied_promotion(promotion, discount));
            promotions.len() - 1
        });
        Ok(PricedShipping {
            id: shipping.method.id.clone(),
            price: total.plus(discount)?,
            discount,
            promotion,
            total,
            net: scale.money(taxed.net)?,
            taxes: tax_shares(&taxed.shares, scale)?,
        })
    }

    fn tax_sums(&self) -> Result<Vec<TaxSum>> {
        let sums = self.taxes.groups.iter().map(|group| {
            let (ppm, reason) = match &self.context.exemption {
                Some(exemption) => (0, exemption),
                None => (group.component.ppm, &group.component.reason),
            };
            Ok(TaxSum {
                jurisdiction: group.component.jurisdiction.clone(),
                ppm,
                reason: reason.clone(),
                base: self.goods.scale.money(group.base)?,
                amount: self.goods.scale.money(group.amount)?,
            })
        });
        sums.collect()
    }
}

fn applied_promotion(promotion: &Promotion, amount: Money) -> AppliedPromotion {
    AppliedPromotion { id: promotion.id.clone(), code: promotion.code.clone(), amount }
}

fn tax_shares(shares: &[Share], scale: Scale) -> Result<Vec<TaxShare>> {
    let share = |share: &Share| {
        Ok(TaxShare { tax: share.tax, base: scale.money(share.base)?, amount: scale.money(share.amount)? })
    };
    shares.iter().map(share).collect()
}

/// The discount of a line without the tax that its buyer does not pay, rounded down.
fn without_removed_tax(discount: i64, taxed: &Taxed) -> Result<i64> {
    match taxed.removed_rate {
        0 => Ok(discount),
        rate => narrow(i128::from(discount) * MILLION / (MILLION + rate)),
    }
}

/// The promotions that do not apply, by id.
fn refused(
    candidates: &Candidates<'_>,
    discounted: &DiscountedGoods<'_>,
    shipping: Option<&Shipping<'_>>,
    scale: Scale,
) -> Result<Vec<RefusedPromotion>> {
    let mut refused = candidates.refused.clone();
    let of_shipping = shipping.and_then(|shipping| shipping.promotion).map(|(promotion, _)| promotion);
    for candidate in candidates.all() {
        let mut applied = discounted.applied.iter().map(|applied| applied.promotion).chain(of_shipping);
        if applied.any(|applied| std::ptr::eq(applied, candidate.promotion)) {
            continue;
        }
        let missing = candidate.min_left - discounted.left_for(candidate)?;
        let refusal = match candidate.promotion.effect {
            _ if missing > 0 => Refusal::BelowMinimum { missing: scale.money(missing)? },
            Effect::Shipping(_) if shipping.is_none() => Refusal::NothingInScope,
            _ => Refusal::Excluded,
        };
        refused.push(RefusedPromotion { id: candidate.promotion.id.clone(), refusal });
    }
    refused.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(refused)
}

/// The gifts that are not in the cart. None if a promotion applies alone, because they would not be free.
fn rewards(candidates: &Candidates<'_>, discounted: &DiscountedGoods<'_>, goods: &Goods<'_>) -> Vec<Reward> {
    let reward = |candidate: &Candidate<'_>| {
        let Effect::Set(SetEffect::Gift { sku, quantity }) = &candidate.promotion.effect else { return None };
        let line = goods.lines.iter().find(|goods| goods.line.sku == *sku);
        let in_cart = line.map_or(0, |goods| goods.line.quantity.get());
        let missing = quantity.saturating_sub(in_cart);
        let promotion = candidate.promotion.id.clone();
        (missing > 0).then(|| Reward { promotion, sku: sku.clone(), quantity: missing })
    };
    candidates.sets.iter().filter(|_| !discounted.is_alone).filter_map(reward).collect()
}
