//! What an admin may publish.

use pricing::{
    BundlePart, Combine, Effect, LineEffect, Minimum, MinimumOf, Promotion, Scope, SetEffect, ShippingEffect, Tier,
    UnitEffect, check_competing,
};
use values::{Money, Timestamp};

use crate::samples::{
    Shop, amount_off_order, buy_x_get_y, currency, eur, free_shipping, off_lines, off_order, percentage, promotion,
};

/// The code of the field that is refused; none if the promotion is accepted.
fn refused(promotion: &Promotion) -> Option<&'static str> {
    promotion.check(Shop::untaxed().context.market).err().map(|error| error.fields[0].code)
}

#[test]
fn promotion_that_cannot_apply_is_refused() {
    let tiers = |quantities: &[u32]| {
        let tier = |&min_quantity: &u32| Tier { min_quantity, effect: UnitEffect::Percentage(percentage(1)) };
        Effect::Line(LineEffect::Tiers(quantities.iter().map(tier).collect()))
    };
    let unit = |effect| Effect::Line(LineEffect::Unit(effect));
    let bundle = |parts| Effect::Set(SetEffect::Bundle { parts, price: eur(1), max_groups: None });
    let part = |scope, quantity| BundlePart { scope, quantity };
    let nothing = || Scope::AnyOf(Vec::new());
    for (effect, code) in [
        (off_order(1), None),
        (free_shipping(), None),
        (buy_x_get_y(2, 1), None),
        (tiers(&[2, 5]), None),
        (bundle(vec![part(Scope::Everything, 2)]), None),
        (tiers(&[2, 5, 2]), Some("tiers_overlap")),
        (tiers(&[]), Some("quantity_out_of_range")),
        (buy_x_get_y(0, 1), Some("quantity_out_of_range")),
        (buy_x_get_y(1, 0), Some("quantity_out_of_range")),
        (bundle(vec![]), Some("quantity_out_of_range")),
        (bundle(vec![part(nothing(), 1)]), Some("scope_empty")),
        (amount_off_order(-1), Some("amount_out_of_range")),
        (amount_off_order(0), Some("amount_out_of_range")),
        (Effect::Set(SetEffect::Amount(eur(0))), Some("amount_out_of_range")),
        (unit(UnitEffect::Amount(eur(0))), Some("amount_out_of_range")),
        (unit(UnitEffect::Price(eur(0))), None),
        (Effect::Shipping(ShippingEffect::Free { up_to: Some(eur(0)) }), Some("amount_out_of_range")),
        (Effect::Set(SetEffect::Amount(Money::new(1, currency("USD")))), Some("currency_mismatch")),
    ] {
        assert_eq!(refused(&promotion("p", effect.clone())), code, "{effect:?}");
    }
    let mut late = promotion("p", off_order(1));
    late.scope = nothing();
    assert_eq!(refused(&late), Some("scope_empty"));
    late.starts_at = Some(Timestamp::from_millis(5));
    late.ends_at = Some(Timestamp::from_millis(5));
    assert_eq!(refused(&late), Some("ends_before_start"));
    let mut minimum = promotion("p", off_order(1));
    minimum.conditions.minimum = Some(Minimum { amount: eur(-1), of: MinimumOf::Listed });
    assert_eq!(refused(&minimum), Some("amount_out_of_range"));
}

#[test]
fn market_has_100_promotions_of_which_few_compete() {
    let code = |promotions: &[Promotion]| check_competing(promotions).err().map(|error| error.fields[0].code);
    let many = |count, effect: Effect, combine| {
        let mut one = promotion("p", effect);
        one.combine = combine;
        vec![one; count]
    };
    assert_eq!(code(&many(100, off_lines(1), Combine::Best)), None);
    assert_eq!(code(&many(100, off_order(1), Combine::Stack)), None);
    assert_eq!(code(&many(101, off_order(1), Combine::Stack)), Some("too_many_promotions"));
    for (most, effect, combine) in
        [(4, buy_x_get_y(1, 1), Combine::Stack), (5, off_order(1), Combine::Best), (5, off_lines(1), Combine::Alone)]
    {
        assert_eq!(code(&many(most, effect.clone(), combine)), None);
        assert_eq!(code(&many(most + 1, effect, combine)), Some("too_many_competing"));
    }
}
