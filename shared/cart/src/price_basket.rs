//! What the lines of a cart or of an order cost. Carts, quotes and orders call the same function, so they agree. Pure.

use std::collections::BTreeSet;

use pricing::{Breakdown, Context, Line, Rules, ShippingMethod, TaxClass};
use promotions::Found;
use terms::markets::Market;
use terms::tax::Taxation;
use values::{Result, Timestamp};

use crate::prices::price_lists;

/// What a basket is priced for.
#[derive(Debug, Clone)]
pub struct Basket<'a> {
    pub lines: &'a [Line],
    pub market: &'a Market,
    /// Of the buyer.
    pub group: Option<&'a str>,
    /// None: taxes are not known yet. Then no line has a tax.
    pub taxation: Option<&'a Taxation>,
    /// Of the destination (ISO 3166-1 alpha-2), if it is known.
    pub country: Option<&'a str>,
    /// The promotions of the market and of the coupons.
    pub found: &'a Found,
    /// None until the buyer has chosen.
    pub shipping: Option<ShippingMethod>,
    pub at: Timestamp,
}

/// Prices a basket. The buyer has the prices of the customer group, then those of the market, then the default ones. Fails like
/// [`pricing::price`].
pub fn price_basket(basket: &Basket<'_>) -> Result<Breakdown> {
    let (found, taxation) = (basket.found, basket.taxation);
    let context = Context {
        market: basket.market.pricing()?,
        price_lists: price_lists(basket.market, basket.group),
        country: basket.country.map(str::to_owned),
        customer_group: basket.group.map(str::to_owned),
        is_first_order: found.is_first_order,
        exemption: taxation.and_then(|taxation| taxation.exemption.clone()),
        now: basket.at,
        codes: found.codes(),
        shipping: basket.shipping.clone(),
    };
    let (tax_classes, shipping_tax) = match taxation {
        Some(taxation) => (taxation.classes.clone(), taxation.shipping.clone()),
        None => (untaxed_classes(basket.lines), Default::default()),
    };
    pricing::price(basket.lines, &context, &Rules { promotions: found.rules(), tax_classes, shipping_tax })
}

/// The tax classes of lines, without any tax.
fn untaxed_classes(lines: &[Line]) -> Vec<TaxClass> {
    let keys: BTreeSet<&String> = lines.iter().map(|line| &line.tax_class).collect();
    keys.into_iter().map(|key| TaxClass { key: key.clone(), components: Vec::new() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::tests::market;
    use pricing::{ListPrice, ShippingTax, TaxComponent};
    use serde_json::json;
    use values::{Money, Quantity};

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn line(sku: &str, pieces: u32, tax_class: &str, prices: &[(&str, u32, i64)]) -> Line {
        let price = |&(list, min_quantity, amount): &(&str, u32, i64)| ListPrice {
            list: list.to_owned(),
            min_quantity,
            price: eur(amount),
        };
        Line {
            sku: sku.parse().unwrap(),
            quantity: Quantity::new(pieces).unwrap(),
            prices: prices.iter().map(price).collect(),
            product_id: None,
            categories: Vec::new(),
            tags: Vec::new(),
            brand: None,
            tax_class: tax_class.to_owned(),
            is_discountable: true,
        }
    }

    fn basket<'a>(lines: &'a [Line], market: &'a Market, found: &'a Found) -> Basket<'a> {
        let at = Timestamp::from_millis(1_764_000_000_000);
        Basket { lines, market, group: None, taxation: None, country: None, found, shipping: None, at }
    }

    #[test]
    fn basket_without_known_taxes_costs_its_lines() {
        let lines =
            [line("A", 3, "reduced", &[("default", 1, 333)]), line("B", 1, "standard", &[("default", 1, 1_250)])];
        let (eu, found) = (market("eu", json!({ "prices": "gross" })), Found::nothing());
        let priced = price_basket(&basket(&lines, &eu, &found)).unwrap();
        assert_eq!((priced.subtotal, priced.discount, priced.total), (eur(2_249), eur(0), eur(2_249)));
        assert_eq!((priced.tax, priced.included_tax, priced.taxes.len()), (eur(0), eur(0), 0));
        let empty = price_basket(&basket(&[], &eu, &found)).unwrap();
        assert_eq!(empty.total, eur(0));
    }

    #[test]
    fn buyer_has_the_prices_of_the_group_of_the_market_and_of_the_default_list() {
        let prices = [("default", 1, 250), ("eu", 1, 240), ("trade", 10, 200)];
        let (eu, found) = (market("eu", json!({})), Found::nothing());
        let unit_price = |pieces: u32, group: Option<&str>, market: &Market| {
            let lines = [line("A", pieces, "standard", &prices)];
            let priced = price_basket(&Basket { group, ..basket(&lines, market, &found) }).unwrap();
            priced.lines[0].unit_price.amount
        };
        assert_eq!([unit_price(9, Some("trade"), &eu), unit_price(10, Some("trade"), &eu)], [240, 200]);
        assert_eq!(unit_price(10, None, &eu), 240);
        assert_eq!(unit_price(10, None, &market("fr", json!({}))), 250);
    }

    #[test]
    fn taxes_exemption_and_shipping_are_those_of_the_sale() {
        let lines = [line("A", 1, "standard", &[("default", 1, 10_000)])];
        let (eu, found) = (market("eu", json!({})), Found::nothing());
        let rate = TaxComponent { jurisdiction: "BE".to_owned(), ppm: 210_000, reason: "standard".to_owned() };
        let classes = vec![TaxClass { key: "standard".to_owned(), components: vec![rate] }];
        let taxed = Taxation { classes, shipping: ShippingTax::Never, exemption: None };
        let exempt = Taxation { exemption: Some("embassy".to_owned()), ..taxed.clone() };
        let price = |taxation: &Taxation| {
            let shipping = Some(ShippingMethod { id: "parcel".to_owned(), price: eur(490) });
            let basket = basket(&lines, &eu, &found);
            price_basket(&Basket { taxation: Some(taxation), shipping, ..basket }).unwrap()
        };
        let with_tax = price(&taxed);
        assert_eq!((with_tax.tax, with_tax.shipping, with_tax.total), (eur(2_100), eur(490), eur(12_590)));
        let without = price(&exempt);
        assert_eq!((without.tax, without.total), (eur(0), eur(10_490)));
    }

    #[test]
    fn line_without_a_price_in_the_market_is_refused() {
        let lines = [line("A", 1, "standard", &[("default", 1, 250)])];
        let us = market("us", json!({ "currency": "USD" }));
        let error = price_basket(&basket(&lines, &us, &Found::nothing())).unwrap_err();
        assert_eq!(error.fields[0].code, "price_missing");
    }
}
