//! What a promotion does, as admins write it, and as `pricing` computes it. Pure.

use pricing::{BundlePart, Effect, LineEffect, OrderEffect, Percentage, SetEffect, ShippingEffect, Tier, UnitEffect};
use serde::{Deserialize, Serialize};
use values::{Error, Money, Result, Sku};

use crate::promotions::scope::ScopeContent;

/// The parts of a bundle.
pub(crate) const MAX_PARTS: usize = 10;
/// The tiers of an effect.
pub(crate) const MAX_TIERS: usize = 20;

/// When a promotion has its turn. docs/pricing.md has the order of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionStage"))]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It claims pieces: buy X get Y, a bundle, an amount off, a gift.
    Set,
    /// Each line in scope gets the best of these promotions.
    Line,
    /// What is left of all lines in scope together.
    Order,
    /// The price of the shipping method.
    Shipping,
}

/// The kind of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionEffectKind"))]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// `ppm` off. Of lines, the order or shipping.
    Percentage,
    /// `amount` off: off each piece of a line, off the order, or off all pieces of a set.
    Amount,
    /// Each piece of a line costs `price`, if that is less.
    Price,
    /// The `tiers` of a line.
    Tiers,
    /// Of each `buy` + `get` pieces in scope, the `get` cheapest get `ppm`, which is 100 % by default.
    #[serde(rename = "buy_x_get_y")]
    BuyXGetY,
    /// The `parts` together cost `price`.
    Bundle,
    /// `quantity` pieces of `sku` are free, if they are in the cart. 1 by default.
    Gift,
    /// Shipping is free, or `upTo` cheaper.
    Free,
}

/// What a promotion does. Each kind has the fields that its description names, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionEffect"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EffectContent {
    pub kind: EffectKind,
    /// A percentage in parts per million: 10 % is 100000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 1_000_000)))]
    pub ppm: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buy: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get: Option<u32>,
    /// The most groups or bundles of one order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_groups: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_PARTS)))]
    pub parts: Vec<PartContent>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_TIERS)))]
    pub tiers: Vec<TierContent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
}

/// A part of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "BundlePart"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartContent {
    pub scope: ScopeContent,
    pub quantity: u32,
}

/// A quantity tier. It has one of `ppm`, `amount` and `price`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "QuantityTier"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TierContent {
    pub min_quantity: u32,
    /// A percentage in parts per million.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 1_000_000)))]
    pub ppm: Option<u32>,
    /// Off each piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Each piece costs this, if that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
}

impl EffectContent {
    /// An effect of that kind without any other field.
    pub fn of(kind: EffectKind) -> Self {
        Self {
            kind,
            ppm: None,
            amount: None,
            price: None,
            up_to: None,
            buy: None,
            get: None,
            max_groups: None,
            parts: Vec::new(),
            tiers: Vec::new(),
            sku: None,
            quantity: None,
        }
    }

    /// The effect as a value. Fails with 422 for the field: `required`, `effect_ambiguous` for a field that the kind does not have,
    /// `effect_of_other_stage`, `percentage_out_of_range`, `too_many_parts`, `too_many_tiers`, `scope_ambiguous`.
    pub(crate) fn read(&self, stage: Stage) -> Result<Effect> {
        let mut rest = self.clone();
        let effect = rest.extract(stage)?;
        if rest != Self::of(self.kind) {
            let message = "has a field that this kind of effect does not have";
            return Err(Error::invalid("effect", "effect_ambiguous", message));
        }
        Ok(effect)
    }

    /// Moves the fields of the kind into a value.
    fn extract(&mut self, stage: Stage) -> Result<Effect> {
        match (stage, self.kind) {
            (Stage::Set, EffectKind::BuyXGetY) => Ok(Effect::Set(SetEffect::BuyXGetY {
                buy: required(&mut self.buy, "effect.buy")?,
                get: required(&mut self.get, "effect.get")?,
                percentage: self.ppm.take().map_or(Ok(Percentage::ALL), |ppm| percentage(ppm, "effect.ppm"))?,
                max_groups: self.max_groups.take(),
            })),
            (Stage::Set, EffectKind::Bundle) => Ok(Effect::Set(SetEffect::Bundle {
                parts: read_parts(&std::mem::take(&mut self.parts))?,
                price: required(&mut self.price, "effect.price")?,
                max_groups: self.max_groups.take(),
            })),
            (Stage::Set, EffectKind::Amount) => {
                Ok(Effect::Set(SetEffect::Amount(required(&mut self.amount, "effect.amount")?)))
            }
            (Stage::Set, EffectKind::Gift) => Ok(Effect::Set(SetEffect::Gift {
                sku: required(&mut self.sku, "effect.sku")?,
                quantity: self.quantity.take().unwrap_or(1),
            })),
            (Stage::Line, EffectKind::Percentage) => {
                Ok(Effect::Line(LineEffect::Unit(UnitEffect::Percentage(self.percentage()?))))
            }
            (Stage::Line, EffectKind::Amount) => {
                let amount = required(&mut self.amount, "effect.amount")?;
                Ok(Effect::Line(LineEffect::Unit(UnitEffect::Amount(amount))))
            }
            (Stage::Line, EffectKind::Price) => {
                let price = required(&mut self.price, "effect.price")?;
                Ok(Effect::Line(LineEffect::Unit(UnitEffect::Price(price))))
            }
            (Stage::Line, EffectKind::Tiers) => {
                Ok(Effect::Line(LineEffect::Tiers(read_tiers(std::mem::take(&mut self.tiers))?)))
            }
            (Stage::Order, EffectKind::Percentage) => Ok(Effect::Order(OrderEffect::Percentage(self.percentage()?))),
            (Stage::Order, EffectKind::Amount) => {
                Ok(Effect::Order(OrderEffect::Amount(required(&mut self.amount, "effect.amount")?)))
            }
            (Stage::Shipping, EffectKind::Percentage) => {
                Ok(Effect::Shipping(ShippingEffect::Percentage(self.percentage()?)))
            }
            (Stage::Shipping, EffectKind::Free) => {
                Ok(Effect::Shipping(ShippingEffect::Free { up_to: self.up_to.take() }))
            }
            _ => {
                let message = "does not exist in this stage; choose another kind or another stage";
                Err(Error::invalid("effect.kind", "effect_of_other_stage", message))
            }
        }
    }

    fn percentage(&mut self) -> Result<Percentage> {
        percentage(required(&mut self.ppm, "effect.ppm")?, "effect.ppm")
    }
}

fn read_parts(parts: &[PartContent]) -> Result<Vec<BundlePart>> {
    if parts.len() > MAX_PARTS {
        let message = format!("must be at most {MAX_PARTS} parts");
        return Err(Error::invalid("effect.parts", "too_many_parts", message));
    }
    let part = |(at, part): (usize, &PartContent)| {
        let scope = part.scope.read(&format!("effect.parts[{at}].scope"))?;
        Ok(BundlePart { scope, quantity: part.quantity })
    };
    parts.iter().enumerate().map(part).collect()
}

fn read_tiers(tiers: Vec<TierContent>) -> Result<Vec<Tier>> {
    if tiers.len() > MAX_TIERS {
        let message = format!("must be at most {MAX_TIERS} tiers");
        return Err(Error::invalid("effect.tiers", "too_many_tiers", message));
    }
    let tier = |(at, tier): (usize, TierContent)| {
        let field = format!("effect.tiers[{at}]");
        let effect = match (tier.ppm, tier.amount, tier.price) {
            (Some(ppm), None, None) => UnitEffect::Percentage(percentage(ppm, &format!("{field}.ppm"))?),
            (None, Some(amount), None) => UnitEffect::Amount(amount),
            (None, None, Some(price)) => UnitEffect::Price(price),
            _ => {
                let message = "must have one of `ppm`, `amount` and `price`";
                return Err(Error::invalid(&field, "effect_ambiguous", message));
            }
        };
        Ok(Tier { min_quantity: tier.min_quantity, effect })
    };
    tiers.into_iter().enumerate().map(tier).collect()
}

fn required<T>(value: &mut Option<T>, field: &str) -> Result<T> {
    value.take().ok_or_else(|| Error::invalid(field, "required", "is missing"))
}

/// The percentage in a field. 422 `percentage_out_of_range`.
fn percentage(ppm: u32, field: &str) -> Result<Percentage> {
    Percentage::new(ppm).map_err(|error| {
        let message = error.fields.into_iter().next().map(|field| field.message).unwrap_or_default();
        Error::invalid(field, "percentage_out_of_range", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use values::read_json_value;

    fn read(stage: Stage, body: Value) -> Result<Effect, (String, &'static str)> {
        let effect: EffectContent = read_json_value(body).unwrap();
        let stored: EffectContent = serde_json::from_value(serde_json::to_value(&effect).unwrap()).unwrap();
        assert_eq!(stored, effect);
        effect.read(stage).map_err(|error| (error.fields[0].field.clone(), error.fields[0].code))
    }

    fn eur(amount: i64) -> Value {
        json!({ "amount": amount, "currency": "EUR" })
    }

    fn refused(stage: Stage, body: Value) -> (String, &'static str) {
        read(stage, body).unwrap_err()
    }

    #[test]
    fn every_kind_is_read_in_its_stages() {
        let part = json!({ "scope": { "tags": ["tea"] }, "quantity": 2 });
        let tier = json!({ "minQuantity": 5, "ppm": 50_000 });
        for (stage, body) in [
            (Stage::Set, json!({ "kind": "buy_x_get_y", "buy": 2, "get": 1, "maxGroups": 3 })),
            (Stage::Set, json!({ "kind": "bundle", "parts": [part], "price": eur(900) })),
            (Stage::Set, json!({ "kind": "amount", "amount": eur(500) })),
            (Stage::Set, json!({ "kind": "gift", "sku": "MUG" })),
            (Stage::Line, json!({ "kind": "percentage", "ppm": 100_000 })),
            (Stage::Line, json!({ "kind": "amount", "amount": eur(100) })),
            (Stage::Line, json!({ "kind": "price", "price": eur(100) })),
            (Stage::Line, json!({ "kind": "tiers", "tiers": [tier] })),
            (Stage::Order, json!({ "kind": "percentage", "ppm": 100_000 })),
            (Stage::Order, json!({ "kind": "amount", "amount": eur(100) })),
            (Stage::Shipping, json!({ "kind": "percentage", "ppm": 500_000 })),
            (Stage::Shipping, json!({ "kind": "free", "upTo": eur(490) })),
            (Stage::Shipping, json!({ "kind": "free" })),
        ] {
            assert!(read(stage, body.clone()).is_ok(), "{body}");
        }
        let gift = read(Stage::Set, json!({ "kind": "gift", "sku": "MUG" })).unwrap();
        assert_eq!(gift, Effect::Set(SetEffect::Gift { sku: "MUG".parse().unwrap(), quantity: 1 }));
        let free = read(Stage::Set, json!({ "kind": "buy_x_get_y", "buy": 2, "get": 1 })).unwrap();
        let expected = SetEffect::BuyXGetY { buy: 2, get: 1, percentage: Percentage::ALL, max_groups: None };
        assert_eq!(free, Effect::Set(expected));
    }

    #[test]
    fn kind_of_another_stage_is_refused() {
        for (stage, kind) in [
            (Stage::Order, "price"),
            (Stage::Order, "gift"),
            (Stage::Set, "percentage"),
            (Stage::Line, "free"),
            (Stage::Shipping, "amount"),
        ] {
            let (field, code) = refused(stage, json!({ "kind": kind }));
            assert_eq!((field.as_str(), code), ("effect.kind", "effect_of_other_stage"), "{kind}");
        }
    }

    #[test]
    fn missing_and_foreign_fields_are_refused() {
        let missing = refused(Stage::Order, json!({ "kind": "percentage" }));
        assert_eq!(missing, ("effect.ppm".to_owned(), "required"));
        assert_eq!(refused(Stage::Set, json!({ "kind": "buy_x_get_y", "buy": 1 })).0, "effect.get");
        let both = json!({ "kind": "percentage", "ppm": 1, "amount": eur(1) });
        assert_eq!(refused(Stage::Order, both), ("effect".to_owned(), "effect_ambiguous"));
        let tier = json!({ "minQuantity": 2, "ppm": 1, "price": eur(1) });
        let tiers = json!({ "kind": "tiers", "tiers": [tier] });
        assert_eq!(refused(Stage::Line, tiers), ("effect.tiers[0]".to_owned(), "effect_ambiguous"));
    }

    #[test]
    fn percentage_is_at_most_100() {
        for ppm in [0, 1_000_001] {
            let code = refused(Stage::Order, json!({ "kind": "percentage", "ppm": ppm }));
            assert_eq!(code, ("effect.ppm".to_owned(), "percentage_out_of_range"));
            let tiers = json!({ "kind": "tiers", "tiers": [{ "minQuantity": 2, "ppm": ppm }] });
            assert_eq!(refused(Stage::Line, tiers), ("effect.tiers[0].ppm".to_owned(), "percentage_out_of_range"));
        }
    }

    #[test]
    fn parts_and_tiers_are_bounded() {
        let parts = vec![json!({ "scope": { "tags": ["tea"] }, "quantity": 1 }); MAX_PARTS + 1];
        let bundle = json!({ "kind": "bundle", "parts": parts, "price": eur(1) });
        assert_eq!(refused(Stage::Set, bundle).1, "too_many_parts");
        let tiers: Vec<Value> = (0..=MAX_TIERS).map(|at| json!({ "minQuantity": at + 1, "ppm": 1 })).collect();
        assert_eq!(refused(Stage::Line, json!({ "kind": "tiers", "tiers": tiers })).1, "too_many_tiers");
    }
}
