//! The sums of an order, computed again from its parts: lines, promotions, shipping and taxes.

use crate::observed::{Order, TaxShare};

/// The reason of a tax that nobody collects. Its buyers pay the listed prices.
const NOT_COLLECTING: &str = "not_collecting";

/// The sums of an order that differ from its parts.
pub(super) fn wrong_sums(order: &Order) -> Vec<String> {
    let mut findings = Vec::new();
    lines(order, &mut findings);
    discounts(order, &mut findings);
    taxes(order, &mut findings);
    let method = order.price.shipping.as_ref();
    let shipping = method.map_or(0, |method| method.2 - method.3);
    expect(order, "shipping", order.shipping.amount, shipping, &mut findings);
    let amount = order.subtotal.amount - order.discount.amount + order.shipping.amount + order.tax.amount;
    if order.total.amount != amount {
        findings.push(format!("{}: its amounts add up to {amount}, but its total is {}", order.id, order.total.amount));
    }
    findings
}

fn expect(order: &Order, name: &str, amount: i64, parts: i64, findings: &mut Vec<String>) {
    if amount != parts {
        findings.push(format!("{}: its {name} is {amount}, but its parts come to {parts}", order.id));
    }
}

/// The pieces at their price come to the lines, and the lines to the subtotal. Gross prices that a buyer pays without tax are listed with it.
fn lines(order: &Order, findings: &mut Vec<String>) {
    for item in &order.items {
        let (listed, amount) = (item.unit_price.amount * item.quantity, item.line_total.amount);
        let is_without_tax = is_exempt(order) && (0..listed).contains(&amount);
        if amount != listed && !is_without_tax {
            findings.push(format!("{}: {} of {} cost {listed}, not {amount}", order.id, item.quantity, item.sku));
        }
    }
    let lines: i64 = order.items.iter().map(|item| item.line_total.amount).sum();
    if order.subtotal.amount != lines {
        findings.push(format!("{}: its lines cost {lines}, but its subtotal is {}", order.id, order.subtotal.amount));
    }
}

/// Does its buyer pay no tax, although it is collected?
fn is_exempt(order: &Order) -> bool {
    let taxes = &order.price.taxes;
    !taxes.is_empty() && taxes.iter().all(|tax| tax.1 == 0 && tax.4 == 0 && tax.2 != NOT_COLLECTING)
}

/// What promotions take off lines and shipping is the discount of each, and no line has more off than it costs.
fn discounts(order: &Order, findings: &mut Vec<String>) {
    let price = &order.price;
    let of_lines: i64 = order.items.iter().map(|item| item.discount.amount).sum();
    expect(order, "discount", order.discount.amount, of_lines, findings);
    for (index, item) in order.items.iter().enumerate() {
        let shares: i64 = price.lines.get(index).into_iter().flat_map(|line| &line.0).map(|share| share.1).sum();
        expect(order, &format!("discount of {}", item.sku), item.discount.amount, shares, findings);
        if !(0..=item.line_total.amount).contains(&item.discount.amount) {
            let (off, cost) = (item.discount.amount, item.line_total.amount);
            findings.push(format!("{}: {off} are taken off {}, which cost {cost}", order.id, item.sku));
        }
    }
    let of_shipping = price.shipping.as_ref().map_or(0, |method| method.3);
    let promotions: i64 = price.promotions.iter().map(|promotion| promotion.4).sum();
    expect(order, "sum of promotions", promotions, of_lines + of_shipping, findings);
    for (index, promotion) in price.promotions.iter().enumerate() {
        let shares = price.lines.iter().flat_map(|line| &line.0).filter(|share| share.0 == index);
        let shares: i64 = shares.map(|share| share.1).sum();
        // What its shares lack is taken off shipping.
        if !(shares..=shares + of_shipping).contains(&promotion.4) {
            findings.push(format!("{}: {} takes off {}, but its shares {shares}", order.id, promotion.0, promotion.4));
        }
    }
}

/// The taxes are the sums of their shares. All of them are added to the prices, or the prices include all of them.
fn taxes(order: &Order, findings: &mut Vec<String>) {
    let price = &order.price;
    let of_shipping = price.shipping.as_ref().map_or(&[][..], |method| method.6.as_slice());
    let all = || price.lines.iter().flat_map(|line| &line.1).chain(of_shipping);
    for (index, tax) in price.taxes.iter().enumerate() {
        let shares = || all().filter(move |share| share.0 == index);
        let (base, amount): (i64, i64) = (shares().map(|share| share.1).sum(), shares().map(|share| share.2).sum());
        expect(order, &format!("base of tax {index}"), tax.3, base, findings);
        expect(order, &format!("tax {index}"), tax.4, amount, findings);
    }
    let is_added = order.tax.amount != 0;
    let added = |shares: &[TaxShare]| if is_added { amount_of(shares) } else { 0 };
    for (index, item) in order.items.iter().enumerate() {
        let shares = price.lines.get(index).map_or(&[][..], |line| line.1.as_slice());
        expect(order, &format!("tax of {}", item.sku), item.tax.amount, added(shares), findings);
        let paid = item.line_total.amount - item.discount.amount;
        bases(order, &item.sku, (paid, is_added), shares, findings);
    }
    let lines: i64 = order.items.iter().map(|item| item.tax.amount).sum();
    expect(order, "tax", order.tax.amount, lines + added(of_shipping), findings);
}

/// Each jurisdiction taxes what is paid for a line without tax.
fn bases(order: &Order, sku: &str, (paid, is_added): (i64, bool), shares: &[TaxShare], findings: &mut Vec<String>) {
    let base = if is_added { paid } else { paid - amount_of(shares) };
    for share in shares {
        expect(order, &format!("base of {sku}"), share.1, base, findings);
    }
}

fn amount_of(shares: &[TaxShare]) -> i64 {
    shares.iter().map(|share| share.2).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, PAID};
    use crate::observed::PriceParts;
    use serde_json::{Value, json};

    /// The findings for two mugs at 12.99 with these parts of the price, and sums: discount, shipping, tax and total.
    fn findings_for(parts: Value, sums: [i64; 4], change: impl FnOnce(&mut Order)) -> Vec<String> {
        let (mut state, _) = fixture::valid_run();
        let order = state.order_mut(PAID);
        order.price = serde_json::from_value::<PriceParts>(parts).expect("the parts of a price");
        (order.discount.amount, order.shipping.amount) = (sums[0], sums[1]);
        (order.tax.amount, order.total.amount) = (sums[2], sums[3]);
        order.items[0].discount.amount = sums[0];
        change(order);
        wrong_sums(order)
    }

    /// 10 % off two mugs, parcel for 5.00 less 1.00, and 20 %: 23.38 and 4.00 without tax.
    fn parts(base: [i64; 2], tax: [i64; 2]) -> Value {
        let shares = [0, 1].map(|index| json!([[0, base[index], tax[index]]]));
        json!({
            "promotions": [["prm_1", 2, "Ten", "TEN", 260], ["prm_2", 2, "Parcel", null, 100]],
            "taxes": [["DE", 200_000, "standard", base[0] + base[1], tax[0] + tax[1]]],
            "shipping": ["parcel", "Parcel", 500, 100, "2026-01-02", "2026-01-03", shares[1]],
            "lines": [[[[0, 260]], shares[0]]],
        })
    }

    fn net(change: impl FnOnce(&mut Order)) -> Vec<String> {
        findings_for(parts([2338, 400], [468, 80]), [260, 400, 548, 3286], |order| {
            order.items[0].tax.amount = 468;
            change(order);
        })
    }

    #[test]
    fn sums_of_net_and_gross_prices_are_right() {
        assert_eq!(net(|_| ()), Vec::<String>::new());
        let gross = findings_for(parts([1948, 333], [390, 67]), [260, 400, 0, 2738], |_| ());
        assert_eq!(gross, Vec::<String>::new());
    }

    #[test]
    fn discount_that_differs_from_its_shares_is_a_violation() {
        let one_less = net(|order| (order.discount.amount, order.total.amount) = (259, 3287));
        fixture::assert_one_finding(&one_less, &["its discount is 259, but its parts come to 260"]);
        let share = net(|order| order.price.lines[0].0[0].1 = 259);
        assert!(share.iter().any(|finding| finding.contains("discount of MUG is 260")), "{share:?}");
        let promotion = net(|order| order.price.promotions[0].4 = 261);
        fixture::assert_one_finding(&promotion, &["sum of promotions is 361"]);
    }

    #[test]
    fn promotion_that_takes_off_less_than_its_shares_is_a_violation() {
        let moved = net(|order| (order.price.promotions[0].4, order.price.promotions[1].4) = (259, 101));
        assert!(moved.iter().any(|finding| finding.contains("prm_1 takes off 259, but its shares 260")), "{moved:?}");
    }

    #[test]
    fn discount_above_the_price_is_a_violation() {
        let findings = findings_for(
            json!({ "promotions": [["prm_1", 2, "Ten", null, 2599]], "lines": [[[[0, 2599]], []]] }),
            [2599, 0, 0, -1],
            |_| (),
        );
        fixture::assert_one_finding(&findings, &["2599 are taken off MUG, which cost 2598"]);
    }

    #[test]
    fn tax_that_differs_from_its_shares_is_a_violation() {
        let sum = net(|order| order.price.taxes[0].4 += 1);
        fixture::assert_one_finding(&sum, &["its tax 0 is 549, but its parts come to 548"]);
        let base = net(|order| order.price.taxes[0].3 += 1);
        fixture::assert_one_finding(&base, &["its base of tax 0 is 2739"]);
        let line = net(|order| order.items[0].tax.amount += 1);
        assert!(line.iter().any(|finding| finding.contains("tax of MUG is 469")), "{line:?}");
        let of_line = net(|order| {
            order.price.lines[0].1[0].1 -= 1;
            order.price.taxes[0].3 -= 1;
        });
        fixture::assert_one_finding(&of_line, &["its base of MUG is 2337, but its parts come to 2338"]);
    }

    #[test]
    fn shipping_that_differs_from_its_method_is_a_violation() {
        let findings = net(|order| (order.shipping.amount, order.total.amount) = (401, 3287));
        assert!(findings.iter().any(|finding| finding.contains("its shipping is 401")), "{findings:?}");
    }

    #[test]
    fn exempt_buyer_pays_gross_prices_without_tax() {
        let of = |reason: &str, amount: i64| {
            let parts = json!({ "taxes": [["DE", 0, reason, amount, 0]], "lines": [[[], [[0, amount, 0]]]] });
            findings_for(parts, [0, 0, 0, amount], |order| {
                (order.items[0].line_total.amount, order.subtotal.amount) = (amount, amount);
            })
        };
        assert_eq!(of("exempt", 2165), Vec::<String>::new());
        fixture::assert_one_finding(&of("not_collecting", 2165), &["2 of MUG cost 2598, not 2165"]);
        fixture::assert_one_finding(&of("exempt", 2599), &["2 of MUG cost 2598, not 2599"]);
    }
}
