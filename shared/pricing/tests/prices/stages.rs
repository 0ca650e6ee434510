//! Each stage of a price: unit prices, sets, lines, order, shipping, and the choice among promotions.

use pricing::{
    BundlePart, Combine, Effect, LineEffect, ListPrice, Minimum, MinimumOf, OrderEffect, Percentage, PriceMode,
    Refusal, Scope, Selector, SetEffect, ShippingEffect, Step, Tier, UnitEffect,
};
use values::{Money, Timestamp};

use crate::samples::{
    LIST, Shop, amount_off_order, applied, buy_x_get_y, currency, eur, free_shipping, line_totals, off_lines,
    off_order, ok, percentage, promotion, skus,
};

fn list_price(list: &str, min_quantity: u32, price: Money) -> ListPrice {
    ListPrice { list: list.to_owned(), min_quantity, price }
}

#[test]
fn unit_price_fits_list_currency_and_quantity() {
    let mut shop = Shop::untaxed().line("A", 5, 1_000, "none");
    shop.lines[0].prices.extend([
        list_price(LIST, 5, eur(900)),
        list_price(LIST, 6, eur(100)),
        list_price(LIST, 5, Money::new(1, currency("USD"))),
        list_price("wholesale", 1, eur(950)),
    ]);
    assert_eq!(shop.price().lines[0].unit_price, eur(900));
    shop.context.price_lists.insert(0, "wholesale".to_owned());
    assert_eq!(shop.price().lines[0].unit_price, eur(950));
    shop.context.price_lists = vec!["retail".to_owned()];
    assert_eq!(shop.failure(), "price_missing");
}

#[test]
fn buy_x_get_y_rewards_the_cheapest_and_spreads_the_discount() {
    // 5 pieces: one group of 3, which are the 3 cheapest.
    let shop = Shop::untaxed().line("A", 2, 2_000, "none").line("B", 3, 1_000, "none");
    let priced = shop.promotion(promotion("three", buy_x_get_y(2, 1))).price();
    assert_eq!((applied(&priced), line_totals(&priced)), (vec![("three", 1_000)], vec![4_000, 2_000]));
    // 6 pieces: two groups.
    let shop = Shop::untaxed().line("A", 3, 2_000, "none").line("B", 3, 1_000, "none");
    let shop = shop.promotion(promotion("three", buy_x_get_y(2, 1)));
    let priced = shop.price();
    assert_eq!(priced.discount, eur(2_000));
    assert_eq!(line_totals(&priced), [6_000 - 1_333, 3_000 - 667]);
    let mut once = shop;
    let effect = SetEffect::BuyXGetY { buy: 2, get: 1, percentage: percentage(500_000), max_groups: Some(1) };
    once.rules.promotions[0].effect = Effect::Set(effect);
    assert_eq!(once.price().discount, eur(500));
}

#[test]
fn bundle_takes_the_most_expensive_pieces_while_it_saves() {
    let part = |sku: &str, quantity| BundlePart { scope: skus(&[sku]), quantity };
    let bundle = |parts, price, max_groups| Effect::Set(SetEffect::Bundle { parts, price: eur(price), max_groups });
    let shop = Shop::untaxed().line("BAG", 5, 3_000, "none").line("CAMERA", 2, 20_000, "none");
    let with = |effect| shop.clone().promotion(promotion("bundle", effect)).price();
    let priced = with(bundle(vec![part("CAMERA", 1), part("BAG", 2)], 24_000, None));
    assert_eq!((priced.discount, line_totals(&priced)), (eur(4_000), vec![15_000 - 923, 40_000 - 3_077]));
    assert_eq!(with(bundle(vec![part("CAMERA", 1), part("BAG", 2)], 24_000, Some(1))).discount, eur(2_000));
    assert_eq!(with(bundle(vec![part("CAMERA", 3)], 1, None)).discount, eur(0), "there are two cameras");
    assert_eq!(with(bundle(vec![part("BAG", 1)], 3_000, None)).discount, eur(0), "it saves nothing");
    let any = vec![BundlePart { scope: Scope::Everything, quantity: 3 }];
    assert_eq!(with(bundle(any, 10_000, None)).discount, eur(43_000 - 10_000), "two cameras and a bag");
    let any = BundlePart { scope: Scope::Everything, quantity: 1 };
    let priced = with(bundle(vec![any, part("CAMERA", 2)], 30_000, None));
    assert_eq!(
        priced.discount,
        eur(43_000 - 30_000),
        "the cameras are not used up by the part that is about everything"
    );
}

#[test]
fn claimed_pieces_get_no_line_promotion() {
    let mut gift = promotion("gift", Effect::Set(SetEffect::Gift { sku: ok("A".parse()), quantity: 1 }));
    gift.conditions.minimum = Some(Minimum { amount: eur(2_000), of: MinimumOf::Listed });
    let shop = Shop::untaxed().line("A", 3, 1_000, "none").promotion(promotion("tenth", off_lines(100_000)));
    let shop = shop.promotion(gift);
    let priced = shop.price();
    assert_eq!(applied(&priced), [("gift", 1_000), ("tenth", 200)]);
    let mut fewer = shop;
    fewer.rules.promotions[1].conditions.minimum = Some(Minimum { amount: eur(2_001), of: MinimumOf::Listed });
    let priced = fewer.price();
    assert_eq!(applied(&priced), [("tenth", 300)]);
    assert_eq!(priced.refused[0].refusal, Refusal::BelowMinimum { missing: eur(1) });
}

#[test]
fn gift_that_is_not_in_the_cart_is_a_reward() {
    let mut gift = promotion("gift", Effect::Set(SetEffect::Gift { sku: ok("CUP".parse()), quantity: 2 }));
    gift.conditions.minimum = Some(Minimum { amount: eur(2_000), of: MinimumOf::Listed });
    let shop = Shop::untaxed().line("A", 2, 1_000, "none").promotion(gift);
    let rewards = |shop: &Shop| {
        let rewards = shop.price().rewards;
        rewards.iter().map(|one| (one.promotion.clone(), one.sku.to_string(), one.quantity)).collect::<Vec<_>>()
    };
    let cups = |quantity: u32| vec![("gift".to_owned(), "CUP".to_owned(), quantity)];
    assert_eq!(rewards(&shop), cups(2));
    let one = shop.clone().line("CUP", 1, 500, "none");
    assert_eq!((rewards(&one), one.price().discount), (cups(1), eur(500)));
    let two = shop.clone().line("CUP", 2, 500, "none");
    assert_eq!((rewards(&two), two.price().discount), (vec![], eur(1_000)));
    let mut alone = promotion("alone", off_order(900_000));
    alone.combine = Combine::Alone;
    assert!(rewards(&shop.clone().promotion(alone)).is_empty(), "no other promotion applies");
    let mut few = shop;
    few.rules.promotions[0].conditions.minimum = Some(Minimum { amount: eur(2_001), of: MinimumOf::Listed });
    assert!(rewards(&few).is_empty(), "its minimum is not reached");
}

#[test]
fn line_gets_its_best_promotion() {
    let unit = |effect| Effect::Line(LineEffect::Unit(effect));
    let tier = |min_quantity, ppm| Tier { min_quantity, effect: UnitEffect::Percentage(percentage(ppm)) };
    let mut named = promotion("b", unit(UnitEffect::Price(eur(950))));
    named.scope = Scope::AnyOf(vec![Selector::Tag("sale".to_owned()), Selector::Category("mugs".to_owned())]);
    let mut shop = Shop::untaxed().line("A", 1, 1_000, "none").line("B", 2, 1_000, "none").line("C", 6, 1_000, "none");
    shop.lines[0].tags.push("sale".to_owned());
    let shop = shop.promotion(promotion("a", unit(UnitEffect::Amount(eur(20))))).promotion(named);
    let shop = shop.promotion(promotion("c", Effect::Line(LineEffect::Tiers(vec![tier(2, 10_000), tier(5, 50_000)]))));
    let mut equal = promotion("d", off_lines(50_000));
    equal.scope = skus(&["A", "C"]);
    let priced = shop.promotion(equal).price();
    assert_eq!(applied(&priced), [("a", 40), ("b", 50), ("c", 300)], "of equal discounts, the first one applies");
    assert_eq!(line_totals(&priced), [950, 1_960, 5_700]);
}

#[test]
fn order_promotions_stack_by_priority_and_percentages_before_amounts() {
    let shop = Shop::untaxed().line("A", 1, 10_000, "none");
    let (first, second) = (promotion("1", amount_off_order(1_000)), promotion("2", off_order(100_000)));
    let shop = shop.promotion(first).promotion(second);
    assert_eq!(applied(&shop.price()), [("2", 1_000), ("1", 1_000)]);
    let mut later = shop;
    later.rules.promotions[1].priority = 1;
    assert_eq!(applied(&later.price()), [("1", 1_000), ("2", 900)]);
}

#[test]
fn best_combination_wins_and_the_others_are_refused() {
    let with = |id: &str, ppm, combine| {
        let mut promotion = promotion(id, off_order(ppm));
        promotion.combine = combine;
        promotion
    };
    let shop = Shop::untaxed().line("A", 1, 10_000, "none").promotion(with("best-1", 100_000, Combine::Best));
    let shop = shop.promotion(with("best-2", 200_000, Combine::Best)).promotion(with("stack", 100_000, Combine::Stack));
    let priced = shop.clone().promotion(with("alone", 270_000, Combine::Alone)).price();
    assert_eq!(applied(&priced), [("best-2", 2_000), ("stack", 800)]);
    let refused: Vec<(&str, Refusal)> = priced.refused.iter().map(|one| (one.id.as_str(), one.refusal)).collect();
    assert_eq!(refused, [("alone", Refusal::Excluded), ("best-1", Refusal::Excluded)]);
    let priced = shop.clone().promotion(with("alone", 290_000, Combine::Alone)).shipping(500);
    let priced = priced.promotion(promotion("free-shipping", free_shipping())).price();
    assert_eq!(applied(&priced), [("alone", 2_900)]);
    // Equal prices: the lower id.
    let priced =
        shop.promotion(with("alone", 280_000, Combine::Alone)).promotion(with("best-0", 200_000, Combine::Best));
    assert_eq!(applied(&priced.price()), [("alone", 2_800)]);
}

#[test]
fn of_equal_combinations_the_one_with_fewer_promotions_wins() {
    let with = |id: &str, ppm, combine| {
        let mut promotion = promotion(id, off_order(ppm));
        promotion.combine = combine;
        promotion
    };
    let amount = promotion("a", Effect::Set(SetEffect::Amount(eur(1_000))));
    let shop = Shop::untaxed().line("A", 1, 10_000, "none").promotion(amount);
    let shop = shop.promotion(with("b", 100_000, Combine::Best));
    assert_eq!(applied(&shop.price()), [("a", 1_000), ("b", 900)]);
    let alone = |ppm| with("c", ppm, Combine::Alone);
    assert_eq!(applied(&shop.clone().promotion(alone(189_900)).price()), [("a", 1_000), ("b", 900)]);
    assert_eq!(applied(&shop.promotion(alone(190_000)).price()), [("c", 1_900)]);
}

#[test]
fn set_promotion_is_left_out_if_another_one_saves_more() {
    let mut amount = promotion("amount", Effect::Set(SetEffect::Amount(eur(100))));
    amount.priority = 1;
    let shop = Shop::untaxed().line("A", 3, 1_000, "none").promotion(promotion("half", off_lines(500_000)));
    let priced = shop.promotion(amount).promotion(promotion("three", buy_x_get_y(2, 1))).price();
    assert_eq!(applied(&priced), [("half", 1_500)]);
}

#[test]
fn too_many_competing_promotions_are_not_tried() {
    let mut shop = Shop::untaxed().line("A", 1, 10_000, "none");
    for id in ["1", "2", "3", "4", "5", "6"] {
        let mut best = promotion(id, off_order(100_000));
        best.combine = Combine::Best;
        shop = shop.promotion(best);
    }
    let priced = shop.price();
    assert_eq!(applied(&priced), [("1", 1_000)]);
    assert_eq!(priced.refused.iter().filter(|one| one.refusal == Refusal::TooManyCompeting).count(), 1);
}

#[test]
fn gift_cards_get_no_discount() {
    let mut shop = Shop::untaxed().line("CARD", 1, 5_000, "none").line("MUG", 1, 1_000, "none");
    shop.lines[0].is_discountable = false;
    let priced = shop.promotion(promotion("half", off_order(500_000))).price();
    assert_eq!(line_totals(&priced), [5_000, 500]);
}

#[test]
fn shipping_gets_its_best_promotion() {
    let shop = Shop::untaxed().line("A", 1, 10_000, "none").shipping(490);
    let mut capped = promotion("capped", Effect::Shipping(ShippingEffect::Free { up_to: Some(eur(300)) }));
    let shop = shop.promotion(promotion("half", Effect::Shipping(ShippingEffect::Percentage(percentage(500_000)))));
    let priced = shop.clone().promotion(capped.clone()).price();
    assert_eq!((applied(&priced), priced.shipping, priced.discount), (vec![("capped", 300)], eur(190), eur(0)));
    capped.combine = Combine::Alone;
    let tenth = promotion("tenth", off_order(100_000));
    let priced = shop.promotion(capped).promotion(tenth).price();
    assert_eq!((applied(&priced), priced.total), (vec![("tenth", 1_000), ("half", 245)], eur(9_245)));
}

#[test]
fn minimum_is_of_listed_or_of_discounted_prices() {
    let shop = Shop::untaxed().line("A", 1, 5_000, "none").promotion(promotion("fifth", off_lines(200_000)));
    let mut ten = promotion("ten", Effect::Order(OrderEffect::Amount(eur(1_000))));
    ten.conditions.minimum = Some(Minimum { amount: eur(5_000), of: MinimumOf::Listed });
    assert_eq!(shop.clone().promotion(ten.clone()).price().discount, eur(2_000));
    ten.conditions.minimum = Some(Minimum { amount: eur(5_000), of: MinimumOf::Discounted });
    let priced = shop.promotion(ten).price();
    assert_eq!(priced.discount, eur(1_000));
    assert_eq!(priced.refused[0].refusal, Refusal::BelowMinimum { missing: eur(1_000) });
}

#[test]
fn missing_amount_is_that_of_the_turn_of_the_promotion() {
    let with = |id: &str, effect, combine, minimum: i64| {
        let mut promotion = promotion(id, effect);
        promotion.combine = combine;
        promotion.conditions.minimum = Some(Minimum { amount: eur(minimum), of: MinimumOf::Discounted });
        promotion
    };
    let refusals = |shop: Shop| shop.price().refused.iter().map(|one| one.refusal).collect::<Vec<Refusal>>();
    let shop = Shop::untaxed().line("A", 1, 10_000, "none").promotion(with("1", off_order(100_000), Combine::Stack, 0));
    let shop = shop.promotion(with("3", off_order(100_000), Combine::Stack, 0));
    let below = Refusal::BelowMinimum { missing: eur(500) };
    let second = shop.clone().promotion(with("2", off_order(100_000), Combine::Stack, 9_500));
    assert_eq!(refusals(second), [below], "it comes after the first one, which leaves 90.00");
    let best = shop.clone().promotion(with("best", off_order(100_000), Combine::Best, 10_500));
    assert_eq!(refusals(best), [below], "it comes before both");
    let better = shop.promotion(with("best", off_order(100_000), Combine::Best, 10_000));
    let better = better.promotion(with("better", off_order(200_000), Combine::Best, 0));
    assert_eq!(refusals(better.clone()), [Refusal::Excluded], "the other one is better, and no amount is missing");
    let alone = better.clone().promotion(with("alone", off_order(500_000), Combine::Alone, 10_500));
    assert_eq!(refusals(alone), [below, Refusal::Excluded], "nothing comes before it");
    let alone = better.promotion(with("alone", off_order(500_000), Combine::Alone, 10_000));
    assert_eq!(refusals(alone), [Refusal::Excluded; 4], "it applies alone");
}

#[test]
fn conditions_refuse_with_a_reason() {
    let mut shop = Shop::untaxed().line("A", 1, 5_000, "none").promotion(promotion("p", off_order(100_000)));
    let start = shop.clone();
    let refusal = |shop: &Shop| shop.price().refused.first().map(|one| one.refusal);
    assert_eq!(refusal(&shop), None);
    let now = shop.context.now;
    shop.rules.promotions[0].ends_at = Some(now);
    assert_eq!(refusal(&shop), Some(Refusal::Expired));
    shop.rules.promotions[0].starts_at = Some(Timestamp::from_millis(now.millis() + 1));
    assert_eq!(refusal(&shop), Some(Refusal::NotStarted));
    shop = start.clone();
    shop.context.is_first_order = false;
    shop.rules.promotions[0].conditions.is_for_first_order = true;
    assert_eq!(refusal(&shop), Some(Refusal::FirstOrderOnly));
    shop = start.clone();
    shop.rules.promotions[0].conditions.customer_groups.push("wholesale".to_owned());
    assert_eq!(refusal(&shop), Some(Refusal::OtherGroup));
    shop.context.customer_group = Some("wholesale".to_owned());
    assert_eq!(refusal(&shop), None);
    shop.rules.promotions[0].conditions.countries.push("FR".to_owned());
    assert_eq!(refusal(&shop), Some(Refusal::OtherCountry));
    shop = start.clone();
    shop.rules.promotions[0].scope = skus(&["B"]);
    assert_eq!(refusal(&shop), Some(Refusal::NothingInScope));
    shop = start;
    shop.rules.promotions[0].code = Some("SUMMER".to_owned());
    assert_eq!((shop.price().discount, refusal(&shop)), (eur(0), None), "the code is not entered");
}

#[test]
fn buyer_without_a_shipping_method_reads_what_is_missing_for_free_shipping() {
    for of in [MinimumOf::Listed, MinimumOf::Discounted] {
        let mut free = promotion("free", free_shipping());
        free.conditions.minimum = Some(Minimum { amount: eur(5_000), of });
        let refusal = |amount: i64| {
            let priced = Shop::untaxed().line("A", 1, amount, "none").promotion(free.clone()).price();
            (priced.shipping, priced.refused[0].refusal)
        };
        assert_eq!(refusal(4_590), (eur(0), Refusal::BelowMinimum { missing: eur(410) }));
        assert_eq!(refusal(5_000), (eur(0), Refusal::NothingInScope));
    }
}

#[test]
fn prices_are_multiples_of_the_step() {
    let mut shop = Shop::new("HUF", PriceMode::Gross).tax_class("none", &[("HU", 270_000)]);
    shop.context.market.step = ok(Step::new(100));
    let shop = shop.line("A", 1, 99_900, "none").promotion(promotion("seventh", off_order(142_857)));
    let priced = shop.price();
    // 142.7 steps are 143; 27/127 of 856 steps are 182.
    assert_eq!((priced.discount.amount, priced.included_tax.amount), (14_300, 18_200));
    assert_eq!(shop.line("B", 1, 99_950, "none").failure(), "step_mismatch");
}

/// 50 lines are the most of an order, 999 pieces the most of a line, and 100 million minor units the most of a piece.
#[test]
fn largest_order_has_a_price() {
    let shop = Shop::new("EUR", PriceMode::Net).tax_class("standard", &[("DE", 250_000)]).shipping(100_000_000);
    let line = |shop: Shop, index: u32| shop.line(&format!("SKU-{index}"), 999, 100_000_000, "standard");
    let priced = (0..50).fold(shop, line).promotion(promotion("half", off_order(500_000))).price();
    assert_eq!((priced.subtotal, priced.discount), (eur(4_995_000_000_000), eur(2_497_500_000_000)));
    assert_eq!((priced.tax, priced.total), (eur(624_400_000_000), eur(3_122_000_000_000)));
}

#[test]
fn wrong_input_is_an_error() {
    assert_eq!(Shop::untaxed().line("A", 1, 1, "unknown").failure(), "tax_class_unknown");
    assert_eq!(Shop::untaxed().line("A", 2, i64::MAX, "none").failure(), "amount_too_large");
    let sum = Shop::untaxed().line("A", 1, i64::MAX, "none").line("B", 1, 1, "none");
    assert_eq!(sum.failure(), "amount_too_large");
    let free = Shop::untaxed().line("A", 1, i64::MAX, "none").line("B", 1, i64::MAX, "none");
    let free = free.promotion(promotion("all", off_lines(1_000_000)));
    assert_eq!(free.failure(), "amount_too_large", "the discounts do not fit, though nothing is left to pay");
    assert_eq!(Shop::untaxed().line("A", 1, -1, "none").failure(), "amount_out_of_range");
    let mut dollars = Shop::new("USD", PriceMode::Net).tax_class("none", &[]).line("A", 1, 100, "none");
    dollars = dollars.promotion(promotion("euro", amount_off_order(100)));
    assert_eq!(dollars.failure(), "currency_mismatch");
    assert_eq!(Percentage::new(1_000_001).unwrap_err().fields[0].code, "percentage_out_of_range");
}
