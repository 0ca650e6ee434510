//! Tax groups, jurisdictions, and the rules for shipping.

use pricing::{Pieces, PriceMode, ShippingTax, Step};
use values::Kind;

use crate::samples::{Shop, applied, components, eur, free_shipping, line_taxes, off_lines, off_order, ok, promotion};

/// A shop with net prices, two rates, and shipping of 10.00.
fn shop(rule: ShippingTax) -> Shop {
    let shop = Shop::new("EUR", PriceMode::Net).tax_class("food", &[("DE", 70_000)]).shipping(1_000);
    let mut shop = shop.tax_class("standard", &[("DE", 190_000)]);
    shop.rules.shipping_tax = rule;
    shop.line("A", 1, 3_000, "food").line("B", 1, 1_000, "standard")
}

#[test]
fn shipping_is_taxed_by_the_rule_of_the_country() {
    // 2.10 and 1.90 are the tax of the goods. In proportion, 7.50 of shipping is food.
    assert_eq!(shop(ShippingTax::Never).price().tax, eur(400));
    assert_eq!(shop(ShippingTax::Proportional).price().tax, eur(263 + 238));
    assert_eq!(shop(ShippingTax::Principal).price().tax, eur(400 + 70));
    let priced = shop(ShippingTax::Always(components(&[("DE", 190_000)]))).price();
    assert_eq!((priced.tax, priced.taxes.len()), (eur(400 + 190), 2));
    let priced = shop(ShippingTax::Always(components(&[("DE", 55_000)]))).price();
    assert_eq!((priced.tax, priced.taxes.len()), (eur(400 + 55), 3));
}

#[test]
fn of_two_principal_groups_the_higher_rate_counts() {
    let shop = shop(ShippingTax::Principal).line("C", 2, 1_000, "standard");
    assert_eq!(shop.price().tax, eur(210 + 570 + 190));
}

#[test]
fn shipping_of_free_goods_is_divided_by_pieces() {
    let shop = shop(ShippingTax::Proportional).line("C", 2, 1_000, "standard");
    let shop = shop.promotion(promotion("all", off_order(1_000_000)));
    let priced = shop.price();
    assert_eq!((priced.subtotal, priced.discount), (eur(6_000), eur(6_000)));
    // 1 piece: 2.50 at 7 % is 0.175. 3 pieces: 7.50 at 19 % is 1.425.
    assert_eq!((priced.tax, priced.total), (eur(18 + 143), eur(1_161)));
    let free = shop.promotion(promotion("free-shipping", free_shipping())).price();
    assert_eq!((free.total, free.taxes.len()), (eur(0), 2));
}

#[test]
fn jurisdictions_share_the_tax_of_their_group() {
    let shop = Shop::new("USD", PriceMode::Net).tax_class("standard", &[("US-NY", 40_000), ("NYC", 48_750)]);
    let shop = shop.line("A", 1, 1_001, "standard").line("B", 1, 1_099, "standard").line("C", 1, 7, "standard");
    let priced = shop.price();
    // 8.875 % of 21.07 is 1.8699625.
    assert_eq!((priced.tax.amount, line_taxes(&priced)), (187, vec![89, 97, 1]));
    let sums: Vec<(&str, i64)> =
        priced.taxes.iter().map(|tax| (tax.jurisdiction.as_str(), tax.amount.amount)).collect();
    assert_eq!(sums, [("NYC", 103), ("US-NY", 84)]);
    let share = |line: usize, tax: usize| priced.lines[line].taxes[tax].amount.amount;
    for (tax, sum) in [(0, 103), (1, 84)] {
        assert_eq!((0..3).map(|line| share(line, tax)).sum::<i64>(), sum);
    }
}

#[test]
fn share_of_a_line_in_a_jurisdiction_is_its_exact_tax_rounded_up_or_down() {
    let rates = [("A", 40_000), ("B", 90_499), ("C", 62_500)];
    let shop = Shop::new("USD", PriceMode::Net).tax_class("standard", &rates).line("1", 1, 4, "standard");
    let priced = shop.line("2", 1, 28, "standard").line("3", 1, 836, "standard").price();
    let shares = |line: usize| priced.lines[line].taxes.iter().map(|share| share.amount.amount).collect::<Vec<i64>>();
    // Exact: 0.16, 0.36 and 0.25; 1.12, 2.53 and 1.75; 33.44, 75.66 and 52.25. Together 34.72, 78.55 and 54.25.
    assert_eq!([shares(0), shares(1), shares(2)], [[0, 1, 0], [2, 3, 1], [33, 75, 53]]);
    assert_eq!(priced.taxes.iter().map(|tax| tax.amount.amount).collect::<Vec<i64>>(), [35, 79, 54]);
}

#[test]
fn classes_of_the_same_rates_are_one_group() {
    let shop = Shop::new("EUR", PriceMode::Net).tax_class("a", &[("DE", 230_000)]).tax_class("b", &[("DE", 230_000)]);
    let priced = shop.line("A", 1, 5_555, "a").line("B", 1, 1_111, "b").price();
    assert_eq!((priced.taxes.len(), priced.tax), (1, eur(1_533)));
}

#[test]
fn exempt_buyer_pays_no_tax_on_discounted_goods_and_shipping() {
    let shop = Shop::new("EUR", PriceMode::Gross).tax_class("standard", &[("DE", 190_000)]).shipping(595);
    let mut shop = shop.line("A", 1, 11_900, "standard").promotion(promotion("half", off_lines(500_000)));
    assert_eq!(shop.price().total, eur(5_950 + 595));
    shop.context.exemption = Some("reverse_charge".to_owned());
    let priced = shop.price();
    assert_eq!((priced.subtotal, priced.discount, priced.shipping), (eur(10_000), eur(5_000), eur(500)));
    assert_eq!((priced.tax, priced.total), (eur(0), eur(5_500)));
    assert_eq!(priced.lines[0].unit_price, eur(11_900));
    let priced = shop.promotion(promotion("free-shipping", free_shipping())).price();
    assert_eq!((applied(&priced), priced.total), (vec![("half", 5_000), ("free-shipping", 500)], eur(5_000)));
    assert_eq!(priced.shipping_method.map(|shipping| (shipping.price, shipping.total)), Some((eur(500), eur(0))));
}

#[test]
fn more_pieces_than_are_left_are_not_refunded() {
    let priced = shop(ShippingTax::Never).price();
    let refund = |refunded, now| priced.lines[0].paid().refund(Step::ONE, Pieces { bought: 1, refunded, now });
    assert_eq!(ok(refund(0, 1)).total, eur(3_210));
    for (refunded, now) in [(1, 1), (0, 2), (u32::MAX, 1)] {
        let refusal = refund(refunded, now).unwrap_err();
        assert_eq!(
            (refusal.kind, refusal.code, refusal.fields[0].code),
            (Kind::Conflict, "over_refunded", "over_refunded")
        );
    }
}
