//! Properties of all prices, for exponents 0, 2 and 3 and steps 1, 10 and 100. `make soak` runs more cases.

use pricing::{
    Breakdown, BundlePart, Combine, Effect, LineEffect, Minimum, MinimumOf, OrderEffect, Pieces, PriceMode, PricedLine,
    Promotion, Scope, Selector, SetEffect, ShippingEffect, ShippingTax, Step, TaxShare, Tier, UnitEffect,
};
use proptest::prelude::*;
use proptest::sample::select;
use values::Money;

use crate::samples::{Shop, components, ok, percentage, promotion};

const CLASSES: [&str; 4] = ["standard", "food", "state", "none"];

/// The cases of `make test`, unless the environment says otherwise.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(cases.unwrap_or(2_000))
}

/// A promotion before it is known in which shop. Amounts are in steps.
#[derive(Debug, Clone)]
struct Draft {
    kind: u8,
    combine: Combine,
    /// A bit for each line. None: everything.
    lines: u8,
    ppm: u32,
    amount: i64,
    quantities: (u32, u32),
    minimum: Option<i64>,
    is_of_discounted: bool,
}

fn draft() -> impl Strategy<Value = Draft> {
    let combine = select(vec![Combine::Best, Combine::Stack, Combine::Stack, Combine::Alone]);
    let ppm = prop_oneof![1u32..=1_000_000, select(vec![100_000u32, 333_333, 500_000, 1_000_000])];
    let minimum = prop::option::weighted(0.3, 0i64..6_000);
    let fields = (0u8..11, combine, any::<u8>(), ppm, 0i64..4_000, (1u32..4, 1u32..3), minimum, any::<bool>());
    fields.prop_map(|(kind, combine, lines, ppm, amount, quantities, minimum, is_of_discounted)| Draft {
        kind,
        combine,
        lines,
        ppm,
        amount,
        quantities,
        minimum,
        is_of_discounted,
    })
}

impl Draft {
    fn promotion(&self, index: usize, shop: &Shop) -> Promotion {
        let money = |steps: i64| shop.money(steps * shop.context.market.step.get());
        let (amount, ppm) = (money(self.amount), percentage(self.ppm));
        let (first, second) = self.quantities;
        let tier = |min_quantity, effect| Tier { min_quantity, effect };
        let max_groups = (self.lines & 1 == 0).then_some(second);
        let unit = |effect| Effect::Line(LineEffect::Unit(effect));
        let effect = match self.kind {
            0 => Effect::Set(SetEffect::BuyXGetY { buy: first, get: second, percentage: ppm, max_groups }),
            1 => {
                // Some lines are in both parts.
                let others = BundlePart { scope: scope(self.lines.rotate_left(1), shop), quantity: second };
                let parts = vec![BundlePart { scope: scope(self.lines, shop), quantity: first }, others];
                Effect::Set(SetEffect::Bundle { parts, price: amount, max_groups })
            }
            2 => Effect::Set(SetEffect::Amount(amount)),
            3 => Effect::Set(SetEffect::Gift { sku: shop.lines[0].sku.clone(), quantity: first }),
            4 => unit(UnitEffect::Percentage(ppm)),
            5 => unit(UnitEffect::Amount(amount)),
            6 => unit(UnitEffect::Price(amount)),
            7 => {
                let tiers =
                    vec![tier(first, UnitEffect::Percentage(ppm)), tier(first + second, UnitEffect::Price(amount))];
                Effect::Line(LineEffect::Tiers(tiers))
            }
            8 => Effect::Order(OrderEffect::Percentage(ppm)),
            9 => Effect::Order(OrderEffect::Amount(amount)),
            _ => Effect::Shipping(ShippingEffect::Free { up_to: (self.lines & 1 == 0).then_some(amount) }),
        };
        let mut promotion = promotion(&format!("p{index}"), effect);
        promotion.combine = self.combine;
        promotion.scope = scope(self.lines, shop);
        promotion.priority = u32::from(self.lines % 3);
        let of = if self.is_of_discounted { MinimumOf::Discounted } else { MinimumOf::Listed };
        promotion.conditions.minimum = self.minimum.map(|steps| Minimum { amount: money(steps), of });
        promotion
    }
}

/// The lines whose bits are set; everything if none is.
fn scope(lines: u8, shop: &Shop) -> Scope {
    let named = shop.lines.iter().enumerate().filter(|(index, _)| (lines >> index) & 1 == 1);
    let selectors: Vec<Selector> = named.map(|(_, line)| Selector::Sku(line.sku.clone())).collect();
    if selectors.is_empty() { Scope::Everything } else { Scope::AnyOf(selectors) }
}

/// A shop with lines, and without promotions.
fn shop() -> impl Strategy<Value = Shop> {
    let steps = prop_oneof![Just(0i64), 1i64..10, 1i64..3_000];
    let line = (steps, 1u32..=6, 0usize..4, prop::bool::weighted(0.9));
    let lines = prop::collection::vec(line, 1..=6);
    let market = (select(vec!["JPY", "EUR", "KWD"]), select(vec![1i64, 10, 100]), any::<bool>());
    let shipping = prop::option::of(0i64..1_500);
    (market, lines, shipping, 0u8..5, select(vec![0u32, 55_000, 190_000, 200_000]), prop::bool::weighted(0.2)).prop_map(
        |((currency, step, is_gross), lines, shipping, shipping_tax, rate, is_exempt)| {
            let prices = if is_gross { PriceMode::Gross } else { PriceMode::Net };
            let mut shop = Shop::new(currency, prices).tax_class("standard", &[("A", rate)]);
            shop = shop.tax_class("food", &[("A", 70_000)]).tax_class("none", &[]);
            shop = shop.tax_class("state", &[("B", 62_500), ("C", 26_250)]);
            shop.context.market.step = ok(Step::new(step));
            shop.context.exemption = is_exempt.then(|| "exempt".to_owned());
            shop.rules.shipping_tax = match shipping_tax {
                0 => ShippingTax::Always(components(&[("A", 200_000)])),
                1 => ShippingTax::Never,
                2 => ShippingTax::Principal,
                _ => ShippingTax::Proportional,
            };
            for (index, (steps, quantity, class, is_discountable)) in lines.into_iter().enumerate() {
                shop = shop.line(&format!("SKU-{index}"), quantity, steps * step, CLASSES[class]);
                shop.lines[index].is_discountable = is_discountable;
            }
            match shipping {
                Some(steps) => shop.shipping(steps * step),
                None => shop,
            }
        },
    )
}

fn with_promotions(shop: Shop, drafts: &[Draft]) -> Shop {
    let promotions: Vec<Promotion> =
        drafts.iter().enumerate().map(|(index, draft)| draft.promotion(index, &shop)).collect();
    promotions.into_iter().fold(shop, Shop::promotion)
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> i64 {
    amounts.into_iter().map(|money| money.amount).sum()
}

/// All shares in taxes.
fn tax_shares(priced: &Breakdown) -> impl Iterator<Item = &TaxShare> {
    let shipping = priced.shipping_method.iter().flat_map(|shipping| &shipping.taxes);
    priced.lines.iter().flat_map(|line| &line.taxes).chain(shipping)
}

/// Every amount of a breakdown.
fn amounts(priced: &Breakdown) -> Vec<Money> {
    let mut amounts =
        vec![priced.subtotal, priced.discount, priced.shipping, priced.tax, priced.included_tax, priced.total];
    for line in &priced.lines {
        amounts.extend([line.unit_price, line.subtotal, line.discount, line.total, line.net]);
        amounts.extend(line.discounts.iter().map(|share| share.amount));
    }
    if let Some(shipping) = &priced.shipping_method {
        amounts.extend([shipping.price, shipping.discount, shipping.total, shipping.net]);
    }
    amounts.extend(tax_shares(priced).flat_map(|share| [share.base, share.amount]));
    amounts.extend(priced.promotions.iter().map(|applied| applied.amount));
    amounts.extend(priced.taxes.iter().flat_map(|tax| [tax.base, tax.amount]));
    amounts
}

fn check_sums(shop: &Shop, priced: &Breakdown) -> Result<(), TestCaseError> {
    let of_lines = |amount: fn(&PricedLine) -> Money| sum(priced.lines.iter().map(amount));
    let total = priced.subtotal.amount - priced.discount.amount + priced.shipping.amount + priced.tax.amount;
    prop_assert_eq!(priced.total.amount, total);
    prop_assert_eq!(priced.subtotal.amount, of_lines(|line| line.subtotal));
    prop_assert_eq!(priced.discount.amount, of_lines(|line| line.discount));
    prop_assert_eq!(priced.shipping.amount, sum(priced.shipping_method.iter().map(|shipping| shipping.total)));
    let is_exempt = shop.context.exemption.is_some();
    let is_gross = shop.context.market.prices == PriceMode::Gross;
    for line in &priced.lines {
        prop_assert_eq!(line.discount.amount, sum(line.discounts.iter().map(|share| share.amount)));
        prop_assert_eq!(line.total.amount, line.subtotal.amount - line.discount.amount);
        prop_assert!(line.discount.amount <= line.subtotal.amount, "a discount is larger than its line");
        let taxes = sum(line.taxes.iter().map(|share| share.amount));
        let included = if is_gross { taxes } else { 0 };
        prop_assert_eq!(line.total.amount, line.net.amount + included);
        prop_assert!(!is_exempt || taxes == 0);
        if !(is_exempt && is_gross) {
            prop_assert_eq!(line.subtotal.amount, line.unit_price.amount * i64::from(line.quantity.get()));
        }
    }
    for (index, tax) in priced.taxes.iter().enumerate() {
        let of_tax = tax_shares(priced).filter(|share| share.tax == index);
        prop_assert_eq!(tax.amount.amount, sum(of_tax.map(|share| share.amount)));
    }
    let (added, included) = if is_gross { (0, priced.included_tax.amount) } else { (priced.tax.amount, 0) };
    prop_assert_eq!((priced.tax.amount, priced.included_tax.amount), (added, included));
    prop_assert_eq!(sum(priced.taxes.iter().map(|tax| tax.amount)), added + included);
    for (index, applied) in priced.promotions.iter().enumerate() {
        let shares = priced.lines.iter().flat_map(|line| &line.discounts).filter(|share| share.promotion == index);
        let shipping = priced.shipping_method.iter().filter(|shipping| shipping.promotion == Some(index));
        let amount = sum(shares.map(|share| share.amount)) + sum(shipping.map(|shipping| shipping.discount));
        prop_assert_eq!(applied.amount.amount, amount);
    }
    let step = shop.context.market.step.get();
    for money in amounts(priced) {
        prop_assert_eq!(money.currency, shop.context.market.currency);
        prop_assert!(money.amount >= 0 && money.amount % step == 0, "{money} is negative or between two steps");
    }
    Ok(())
}

/// The tax of each group with one rate, computed again: half up, once for the group.
fn check_group_taxes(shop: &Shop, priced: &Breakdown) -> Result<(), TestCaseError> {
    let step = i128::from(shop.context.market.step.get());
    for tax in priced.taxes.iter().filter(|tax| tax.jurisdiction == "A") {
        let (base, amount) = (i128::from(tax.base.amount) / step, i128::from(tax.amount.amount) / step);
        let (value, divisor) = match shop.context.market.prices {
            PriceMode::Net => (base, 1_000_000),
            PriceMode::Gross => (base + amount, 1_000_000 + i128::from(tax.ppm)),
        };
        // Twice the difference to the exact tax is more than minus one step, and at most one step.
        let twice = 2 * (amount * divisor - value * i128::from(tax.ppm));
        prop_assert!(-divisor < twice && twice <= divisor, "{tax:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn parts_add_up_and_order_makes_no_difference(
        shop in shop(), drafts in prop::collection::vec(draft(), 0..=6),
    ) {
        let shop = with_promotions(shop, &drafts);
        let priced = shop.price();
        check_sums(&shop, &priced)?;
        check_group_taxes(&shop, &priced)?;
        prop_assert_eq!(&shop.price(), &priced, "the same input gives the same result");
        let mut reversed = shop.clone();
        reversed.lines.reverse();
        reversed.rules.promotions.reverse();
        reversed.rules.tax_classes.reverse();
        reversed.rules.tax_classes.iter_mut().for_each(|class| class.components.reverse());
        let mut again = reversed.price();
        again.lines.reverse();
        prop_assert_eq!(&again, &priced, "the order of lines and rules makes no difference");
    }

    /// With listed minimums, and order promotions on everything. A partial scope can be off by one, and a minimum of discounted prices can
    /// be missed because of another promotion.
    #[test]
    fn promotion_never_raises_the_price_of_the_goods(
        shop in shop(), drafts in prop::collection::vec(draft(), 1..=4),
    ) {
        let drafts: Vec<Draft> = drafts.into_iter().map(|draft| Draft { is_of_discounted: false, ..draft }).collect();
        let mut shop = with_promotions(Shop { context: taxed(&shop), ..shop }, &drafts);
        for promotion in &mut shop.rules.promotions {
            if matches!(promotion.effect, Effect::Order(_)) {
                promotion.scope = Scope::Everything;
            }
        }
        let goods = |priced: &Breakdown| priced.subtotal.amount - priced.discount.amount;
        let with = goods(&shop.price());
        shop.rules.promotions.pop();
        prop_assert!(with <= goods(&shop.price()));
    }

    #[test]
    fn exempt_buyer_pays_the_price_without_its_tax(
        shop in shop(), drafts in prop::collection::vec(draft(), 0..=4),
    ) {
        let mut shop = with_promotions(shop, &drafts);
        shop.context.exemption = None;
        let with_tax = shop.price();
        shop.context.exemption = Some("exempt".to_owned());
        let without = shop.price();
        let tax = with_tax.tax.amount + with_tax.included_tax.amount;
        prop_assert_eq!(without.total.amount, with_tax.total.amount - tax);
        prop_assert_eq!(sum(without.taxes.iter().map(|tax| tax.amount)), 0);
        for (without, with_tax) in without.lines.iter().zip(&with_tax.lines) {
            prop_assert_eq!((without.total, without.net), (with_tax.net, with_tax.net));
        }
    }

    #[test]
    fn refunds_in_any_parts_add_up_to_what_was_paid(
        shop in shop(), drafts in prop::collection::vec(draft(), 0..=2), parts in prop::collection::vec(1u32..=6, 6),
    ) {
        let priced = with_promotions(shop.clone(), &drafts).price();
        let step = shop.context.market.step;
        for line in &priced.lines {
            let (bought, paid) = (line.quantity.get(), line.paid());
            let (mut refunded, mut net, mut total) = (0, 0, 0);
            for part in &parts {
                let now = (*part).min(bought - refunded);
                let refund = ok(paid.refund(step, Pieces { bought, refunded, now }));
                for money in refund.taxes.iter().chain([&refund.net, &refund.total]) {
                    prop_assert!(money.amount >= 0 && money.amount % step.get() == 0, "{money}");
                }
                (refunded, net, total) = (refunded + now, net + refund.net.amount, total + refund.total.amount);
            }
            // Six parts of one piece or more are the whole line.
            prop_assert_eq!(refunded, bought);
            prop_assert_eq!((net, total), (paid.net.amount, paid.net.amount + sum(paid.taxes.iter().copied())));
            let one_more = Pieces { bought, refunded, now: 1 };
            prop_assert!(paid.refund(step, one_more).is_err());
        }
    }

    #[test]
    fn large_amounts_are_a_price_or_an_error(
        shop in shop(), drafts in prop::collection::vec(draft(), 0..=3), amounts in prop::collection::vec(0..i64::MAX, 6),
    ) {
        let mut shop = with_promotions(shop, &drafts);
        let step = shop.context.market.step.get();
        for (line, amount) in shop.lines.iter_mut().zip(amounts) {
            line.prices[0].price.amount = amount - amount % step;
        }
        match shop.try_price() {
            Ok(priced) => check_sums(&shop, &priced)?,
            Err(error) => prop_assert_eq!(error.fields[0].code, "amount_too_large"),
        }
    }
}

/// The context for a buyer who pays tax.
fn taxed(shop: &Shop) -> pricing::Context {
    pricing::Context { exemption: None, ..shop.context.clone() }
}
