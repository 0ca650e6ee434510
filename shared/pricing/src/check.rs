//! What an admin may publish.

use values::{Error, Money, Result};

use crate::candidates::{MAX_ALONE, MAX_BEST, MAX_SETS};
use crate::context::Market;
use crate::promotion::{
    Combine, Effect, LineEffect, OrderEffect, Promotion, SetEffect, ShippingEffect, Tier, UnitEffect,
};
use crate::scope::Scope;

/// The automatic promotions of a market.
pub const MAX_PROMOTIONS: usize = 100;

impl Promotion {
    /// Fails with 422 if the promotion cannot apply in this market: `ends_before_start`, `scope_empty`, `tiers_overlap`,
    /// `quantity_out_of_range`, `currency_mismatch`, `step_mismatch` or `amount_out_of_range`.
    pub fn check(&self, market: Market) -> Result<()> {
        if let (Some(starts_at), Some(ends_at)) = (self.starts_at, self.ends_at)
            && ends_at <= starts_at
        {
            return Err(Error::invalid("endsAt", "ends_before_start", "must be after `startsAt`"));
        }
        check_scope(&self.scope, "scope")?;
        if let Some(minimum) = &self.conditions.minimum {
            check_amount(minimum.amount, market, "conditions.minimum")?;
        }
        match &self.effect {
            Effect::Set(effect) => check_set(effect, market),
            Effect::Line(LineEffect::Unit(effect)) => check_unit(effect, market),
            Effect::Line(LineEffect::Tiers(tiers)) => check_tiers(tiers, market),
            Effect::Order(OrderEffect::Amount(amount)) => check_discount(*amount, market, "effect.amount"),
            Effect::Shipping(ShippingEffect::Free { up_to: Some(up_to) }) => {
                check_discount(*up_to, market, "effect.upTo")
            }
            Effect::Order(OrderEffect::Percentage(_)) | Effect::Shipping(_) => Ok(()),
        }
    }
}

/// Checks the automatic promotions of a market together. 422 `too_many_promotions` for more than [`MAX_PROMOTIONS`],
/// `too_many_competing` if more compete than are tried.
pub fn check_competing(promotions: &[Promotion]) -> Result<()> {
    if promotions.len() > MAX_PROMOTIONS {
        let message = format!("a market has at most {MAX_PROMOTIONS} automatic promotions; stop one first");
        return Err(Error::invalid("promotions", "too_many_promotions", message));
    }
    let count = |is_counted: fn(&Promotion) -> bool| promotions.iter().filter(|one| is_counted(one)).count();
    let alone = count(|one| one.combine == Combine::Alone && !matches!(one.effect, Effect::Shipping(_)));
    let sets = count(|one| one.combine != Combine::Alone && matches!(one.effect, Effect::Set(_)));
    let best = count(|one| one.combine == Combine::Best && matches!(one.effect, Effect::Order(_)));
    if alone > MAX_ALONE || sets > MAX_SETS || best > MAX_BEST {
        let message = format!(
            "a market has at most {MAX_SETS} set promotions, {MAX_BEST} order promotions that do not stack, and {MAX_ALONE} that \
             apply alone; stop one first"
        );
        return Err(Error::invalid("promotions", "too_many_competing", message));
    }
    Ok(())
}

fn check_set(effect: &SetEffect, market: Market) -> Result<()> {
    match effect {
        SetEffect::BuyXGetY { buy, get, max_groups, .. } => {
            check_quantity(*buy, "effect.buy")?;
            check_quantity(*get, "effect.get")?;
            check_quantity(max_groups.unwrap_or(1), "effect.maxGroups")
        }
        SetEffect::Bundle { parts, price, max_groups } => {
            check_amount(*price, market, "effect.price")?;
            check_quantity(max_groups.unwrap_or(1), "effect.maxGroups")?;
            check_quantity(u32::try_from(parts.len()).unwrap_or(u32::MAX), "effect.parts")?;
            parts.iter().try_for_each(|part| {
                check_scope(&part.scope, "effect.parts")?;
                check_quantity(part.quantity, "effect.parts")
            })
        }
        SetEffect::Amount(amount) => check_discount(*amount, market, "effect.amount"),
        SetEffect::Gift { quantity, .. } => check_quantity(*quantity, "effect.quantity"),
    }
}

fn check_tiers(tiers: &[Tier], market: Market) -> Result<()> {
    check_quantity(u32::try_from(tiers.len()).unwrap_or(u32::MAX), "effect.tiers")?;
    let mut quantities: Vec<u32> = tiers.iter().map(|tier| tier.min_quantity).collect();
    quantities.sort_unstable();
    quantities.dedup();
    if quantities.len() < tiers.len() {
        let message = "each tier must begin at another quantity";
        return Err(Error::invalid("effect.tiers", "tiers_overlap", message));
    }
    tiers.iter().try_for_each(|tier| {
        check_quantity(tier.min_quantity, "effect.tiers")?;
        check_unit(&tier.effect, market)
    })
}

fn check_unit(effect: &UnitEffect, market: Market) -> Result<()> {
    match effect {
        UnitEffect::Percentage(_) => Ok(()),
        UnitEffect::Amount(amount) => check_discount(*amount, market, "effect.amount"),
        UnitEffect::Price(price) => check_amount(*price, market, "effect.price"),
    }
}

fn check_scope(scope: &Scope, field: &str) -> Result<()> {
    match scope {
        Scope::AnyOf(selectors) if selectors.is_empty() => {
            Err(Error::invalid(field, "scope_empty", "must name at least one thing, or be everything"))
        }
        _ => Ok(()),
    }
}

/// An amount that is subtracted. Zero would change nothing.
fn check_discount(amount: Money, market: Market, field: &str) -> Result<()> {
    check_amount(amount, market, field)?;
    match amount.amount {
        0 => Err(Error::invalid(field, "amount_out_of_range", "must be more than zero")),
        _ => Ok(()),
    }
}

fn check_amount(amount: Money, market: Market, field: &str) -> Result<()> {
    market.scale().steps(amount, field).map(|_| ())
}

fn check_quantity(quantity: u32, field: &str) -> Result<()> {
    match quantity {
        1..=999 => Ok(()),
        _ => Err(Error::invalid(field, "quantity_out_of_range", "must be from 1 to 999")),
    }
}
