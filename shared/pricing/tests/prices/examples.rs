//! The worked examples of docs/pricing.md, to the cent. Each comes from a place where another system was wrong or said what is right.

use pricing::{Minimum, MinimumOf, Pieces, PriceMode, PricedLine, Refusal, Step};
use values::Money;

use crate::samples::{
    Shop, amount_off_order, applied, buy_x_get_y, eur, free_shipping, line_taxes, line_totals, off_lines, off_order,
    ok, promotion, skus,
};

/// The refunds of the pieces of a line one by one.
fn single_refunds(line: &PricedLine) -> Vec<i64> {
    let bought = line.quantity.get();
    let refund = |refunded| ok(line.paid().refund(Step::ONE, Pieces { bought, refunded, now: 1 })).total.amount;
    (0..bought).map(refund).collect()
}

/// A shop with prices in EUR and one rate.
fn shop(prices: PriceMode, ppm: u32) -> Shop {
    Shop::new("EUR", prices).tax_class("standard", &[("XX", ppm)])
}

/// Stripe support.
#[test]
fn tax_of_a_group_is_divided_by_largest_remainders() {
    let priced = shop(PriceMode::Net, 150_000).line("A", 1, 43, "standard").line("B", 1, 484, "standard").price();
    assert_eq!(line_taxes(&priced), [6, 73]);
    assert_eq!((priced.tax, priced.total), (eur(79), eur(606)));
}

/// commercetools, TaxCalculationMode.
#[test]
fn tax_is_computed_on_the_line_and_not_on_the_piece() {
    let priced = shop(PriceMode::Net, 190_000).line("A", 3, 108, "standard").price();
    assert_eq!(priced.total, eur(386));
}

/// odoo #36675.
#[test]
fn tax_is_rounded_once_for_two_lines() {
    let priced = shop(PriceMode::Net, 230_000).line("A", 1, 5_555, "standard").line("B", 1, 1_111, "standard").price();
    assert_eq!(priced.tax, eur(1_533));
}

/// accounted, PR 2580.
#[test]
fn tax_is_rounded_once_for_three_lines() {
    let shop = shop(PriceMode::Net, 250_000).line("A", 1, 9_999, "standard").line("B", 1, 9_999, "standard");
    let priced = shop.line("C", 1, 9_999, "standard").price();
    assert_eq!((priced.subtotal, priced.tax), (eur(29_997), eur(7_499)));
}

/// Taxdoo; medusa #2814.
#[test]
fn shipping_is_taxed_like_the_goods() {
    let shop = Shop::new("EUR", PriceMode::Net).tax_class("food", &[("DE", 70_000)]).shipping(600);
    let shop = shop.tax_class("standard", &[("DE", 190_000)]);
    let priced = shop.line("A", 1, 1_000, "food").line("B", 1, 2_000, "standard").price();
    let shipping = priced.shipping_method.as_ref().map(|shipping| shipping.taxes.clone()).unwrap_or_default();
    assert_eq!(shipping.iter().map(|share| share.amount).collect::<Vec<Money>>(), [eur(14), eur(76)]);
    assert_eq!((priced.tax, priced.total), (eur(540), eur(4_140)));
}

/// woocommerce #64668.
#[test]
fn ten_single_returns_refund_what_was_paid() {
    let shop = shop(PriceMode::Gross, 200_000).line("A", 10, 2_390, "standard");
    let priced = shop.promotion(promotion("quarter", off_lines(250_000))).price();
    assert_eq!((priced.total, priced.included_tax, priced.tax), (eur(17_925), eur(2_988), eur(0)));
    assert_eq!(single_refunds(&priced.lines[0]).iter().sum::<i64>(), 17_925);
}

/// PrestaShop #18319.
#[test]
fn returned_line_refunds_its_share_of_the_order_discount() {
    let shop = Shop::untaxed().line("A", 1, 15_000, "none").line("B", 1, 6_000, "none");
    let priced = shop.promotion(promotion("fifth", off_order(200_000))).price();
    assert_eq!(single_refunds(&priced.lines[0]), [12_000]);
}

/// medusa #5776.
#[test]
fn fixed_amount_is_off_the_gross_price() {
    let shop = shop(PriceMode::Gross, 100_000).line("A", 1, 5_000, "standard");
    let priced = shop.promotion(promotion("ten", amount_off_order(1_000))).price();
    assert_eq!((priced.total, priced.included_tax), (eur(4_000), eur(364)));
}

/// woocommerce #22194.
#[test]
fn exempt_buyer_does_not_pay_the_included_tax() {
    let mut shop = shop(PriceMode::Gross, 210_000).line("A", 1, 10_000, "standard");
    shop.context.exemption = Some("export".to_owned());
    let priced = shop.price();
    assert_eq!((priced.subtotal, priced.total), (eur(8_264), eur(8_264)));
    assert_eq!((priced.tax, priced.included_tax), (eur(0), eur(0)));
    assert_eq!((priced.taxes[0].ppm, priced.taxes[0].reason.as_str()), (0, "export"));
}

/// Ours.
#[test]
fn currency_without_minor_unit_is_rounded_to_whole_yen() {
    let shop = Shop::new("JPY", PriceMode::Gross).tax_class("standard", &[("JP", 100_000)]);
    let shop = shop.tax_class("food", &[("JP", 80_000)]).promotion(promotion("tenth", off_order(100_000)));
    let priced = shop.line("A", 1, 333, "standard").line("B", 1, 333, "standard").line("C", 1, 333, "food").price();
    assert_eq!(line_totals(&priced), [299, 300, 300]);
    assert_eq!((priced.total.amount, priced.included_tax.amount), (899, 76));
}

/// The whole bill of docs/pricing.md.
#[test]
fn whole_bill_goes_through_all_stages() {
    let shop = Shop::new("EUR", PriceMode::Gross).tax_class("standard", &[("DE", 190_000)]);
    let shop = shop.tax_class("food", &[("DE", 70_000)]).shipping(490);
    let mut mugs = promotion("mugs", buy_x_get_y(2, 1));
    mugs.scope = skus(&["MUG"]);
    let mut welcome = promotion("welcome", off_order(100_000));
    welcome.code = Some("WELCOME10".to_owned());
    let mut free = promotion("free-shipping", free_shipping());
    free.conditions.minimum = Some(Minimum { amount: eur(5_000), of: MinimumOf::Discounted });
    let mut shop = shop.line("MUG", 3, 900, "standard").line("TEA", 1, 500, "food");
    shop.rules.promotions = vec![mugs, welcome, free];
    shop.context.codes = vec!["WELCOME10".to_owned()];
    let priced = shop.price();
    assert_eq!((priced.subtotal, priced.discount), (eur(3_200), eur(1_130)));
    assert_eq!(applied(&priced), [("mugs", 900), ("welcome", 230)]);
    assert_eq!((line_totals(&priced), line_taxes(&priced)), (vec![1_620, 450], vec![259, 29]));
    let sums: Vec<(u32, i64)> = priced.taxes.iter().map(|tax| (tax.ppm, tax.amount.amount)).collect();
    assert_eq!(sums, [(190_000, 320), (70_000, 36)]);
    assert_eq!((priced.shipping, priced.included_tax, priced.total), (eur(490), eur(356), eur(2_560)));
    assert_eq!(priced.refused[0].refusal, Refusal::BelowMinimum { missing: eur(2_930) });
    assert_eq!(single_refunds(&priced.lines[0]), [539, 540, 541]);
}

/// Without promotions, shipping and tax, the price is that of `pricing::sums`, which carts and orders use today.
#[test]
fn without_rules_the_price_is_the_sum_of_the_lines() {
    let shop = Shop::untaxed().line("A", 3, 333, "none").line("B", 2, 1_250, "none");
    let priced = shop.price();
    let line = |line: &PricedLine| pricing::sums::Line { unit_price: line.unit_price, quantity: line.quantity };
    let sums = ok(pricing::sums::price(&priced.lines.iter().map(line).collect::<Vec<_>>(), priced.currency));
    assert_eq!(priced.lines.iter().map(|line| line.total).collect::<Vec<Money>>(), sums.line_totals);
    assert_eq!((priced.subtotal, priced.discount, priced.tax), (sums.subtotal, sums.discount, sums.tax));
    assert_eq!((priced.shipping, priced.total), (sums.shipping, sums.total));
}

#[test]
fn empty_cart_costs_nothing_even_with_a_shipping_method() {
    let nothing = Shop::untaxed().shipping(490).promotion(promotion("p", off_order(1))).price();
    assert_eq!((nothing.total, nothing.shipping, nothing.shipping_method), (eur(0), eur(0), None));
    assert_eq!(nothing.refused[0].refusal, Refusal::NothingInScope);
}
