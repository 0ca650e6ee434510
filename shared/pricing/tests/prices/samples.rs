//! Shops, lines and promotions of these tests.

use pricing::{
    Breakdown, Combine, Conditions, Context, Effect, Line, LineEffect, ListPrice, Market, OrderEffect, Percentage,
    PriceMode, Promotion, Rules, Scope, Selector, SetEffect, ShippingEffect, ShippingMethod, Step, TaxClass,
    TaxComponent, UnitEffect,
};
use values::{Currency, Money, Quantity, Result, Timestamp};

/// The price list of the market.
pub(crate) const LIST: &str = "market";

/// A cart with the context and the rules that it is priced with.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) lines: Vec<Line>,
    pub(crate) context: Context,
    pub(crate) rules: Rules,
}

impl Shop {
    pub(crate) fn new(currency: &str, prices: PriceMode) -> Self {
        let market = Market { currency: self::currency(currency), step: Step::ONE, prices };
        let context = Context {
            market,
            price_lists: vec![LIST.to_owned()],
            country: Some("DE".to_owned()),
            customer_group: None,
            is_first_order: true,
            exemption: None,
            now: Timestamp::from_millis(1_000),
            codes: Vec::new(),
            shipping: None,
        };
        Self { lines: Vec::new(), context, rules: Rules::default() }
    }

    /// A shop with gross prices in EUR without tax.
    pub(crate) fn untaxed() -> Self {
        Self::new("EUR", PriceMode::Gross).tax_class("none", &[])
    }

    /// Adds a class with rates in parts per million, one for each jurisdiction.
    pub(crate) fn tax_class(mut self, key: &str, rates: &[(&str, u32)]) -> Self {
        let components = components(rates);
        self.rules.tax_classes.push(TaxClass { key: key.to_owned(), components });
        self
    }

    pub(crate) fn line(mut self, sku: &str, quantity: u32, amount: i64, tax_class: &str) -> Self {
        let prices = vec![ListPrice { list: LIST.to_owned(), min_quantity: 1, price: self.money(amount) }];
        self.lines.push(Line {
            sku: ok(sku.parse()),
            quantity: ok(Quantity::new(quantity)),
            prices,
            product_id: None,
            categories: Vec::new(),
            tags: Vec::new(),
            brand: None,
            tax_class: tax_class.to_owned(),
            is_discountable: true,
        });
        self
    }

    pub(crate) fn shipping(mut self, amount: i64) -> Self {
        self.context.shipping = Some(ShippingMethod { id: "standard".to_owned(), price: self.money(amount) });
        self
    }

    pub(crate) fn promotion(mut self, promotion: Promotion) -> Self {
        self.rules.promotions.push(promotion);
        self
    }

    pub(crate) fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.context.market.currency)
    }

    pub(crate) fn try_price(&self) -> Result<Breakdown> {
        pricing::price(&self.lines, &self.context, &self.rules)
    }

    pub(crate) fn price(&self) -> Breakdown {
        ok(self.try_price())
    }

    /// The code of the field that makes the price fail.
    pub(crate) fn failure(&self) -> &'static str {
        match self.try_price() {
            Ok(breakdown) => panic!("the price must fail: {breakdown:?}"),
            Err(error) => error.fields[0].code,
        }
    }
}

pub(crate) fn components(rates: &[(&str, u32)]) -> Vec<TaxComponent> {
    let component = |(jurisdiction, ppm): &(&str, u32)| TaxComponent {
        jurisdiction: (*jurisdiction).to_owned(),
        ppm: *ppm,
        reason: "standard".to_owned(),
    };
    rates.iter().map(component).collect()
}

/// An automatic promotion on everything that combines with others.
pub(crate) fn promotion(id: &str, effect: Effect) -> Promotion {
    Promotion {
        id: id.to_owned(),
        priority: 0,
        effect,
        combine: Combine::Stack,
        code: None,
        scope: Scope::Everything,
        conditions: Conditions::default(),
        starts_at: None,
        ends_at: None,
    }
}

pub(crate) fn percentage(ppm: u32) -> Percentage {
    ok(Percentage::new(ppm))
}

pub(crate) fn off_lines(ppm: u32) -> Effect {
    Effect::Line(LineEffect::Unit(UnitEffect::Percentage(percentage(ppm))))
}

pub(crate) fn off_order(ppm: u32) -> Effect {
    Effect::Order(OrderEffect::Percentage(percentage(ppm)))
}

pub(crate) fn amount_off_order(amount: i64) -> Effect {
    Effect::Order(OrderEffect::Amount(eur(amount)))
}

pub(crate) fn free_shipping() -> Effect {
    Effect::Shipping(ShippingEffect::Free { up_to: None })
}

pub(crate) fn buy_x_get_y(buy: u32, get: u32) -> Effect {
    Effect::Set(SetEffect::BuyXGetY { buy, get, percentage: Percentage::ALL, max_groups: None })
}

pub(crate) fn skus(skus: &[&str]) -> Scope {
    Scope::AnyOf(skus.iter().map(|sku| Selector::Sku(ok(sku.parse()))).collect())
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, currency("EUR"))
}

pub(crate) fn currency(code: &str) -> Currency {
    ok(code.parse())
}

pub(crate) fn ok<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

/// The totals of the lines in minor units.
pub(crate) fn line_totals(breakdown: &Breakdown) -> Vec<i64> {
    breakdown.lines.iter().map(|line| line.total.amount).collect()
}

/// The tax of each line in minor units.
pub(crate) fn line_taxes(breakdown: &Breakdown) -> Vec<i64> {
    breakdown.lines.iter().map(|line| line.taxes.iter().map(|share| share.amount.amount).sum()).collect()
}

/// The ids of the promotions that apply, with their amounts in minor units.
pub(crate) fn applied(breakdown: &Breakdown) -> Vec<(&str, i64)> {
    breakdown.promotions.iter().map(|applied| (applied.id.as_str(), applied.amount.amount)).collect()
}
