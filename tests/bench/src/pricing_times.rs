//! CPU time of pricing an order of 50 lines with three tax rates: without promotions, and with as many that compete as make the most
//! combinations of eight.

use std::hint::black_box;

use anyhow::{Result, ensure};
use pricing::{
    Breakdown, BundlePart, Combine, Conditions, Context, Effect, Line, ListPrice, Market, OrderEffect, Percentage,
    PriceMode, Promotion, Rules, Scope, Selector, SetEffect, ShippingMethod, Step, TaxClass, TaxComponent,
};
use serde_json::{Value, json};
use values::{Currency, Money, Quantity, Timestamp};

use crate::budgets::{PRICE_US, Verdict};
use crate::table::Table;
use crate::timing::{Times, measure as measure_time};

const LINES: u32 = 50;
/// In percent. Line by line in turn.
const TAX_RATES: [u32; 3] = [19, 7, 3];
/// Prices in one measurement, because the clock itself needs a part of a microsecond.
const BATCH: usize = 20;
const ROUNDS: usize = 500;
const FEW_ROUNDS: usize = 10;

/// The figures of both orders.
#[derive(Debug)]
pub(crate) struct PricingTimes {
    orders: Vec<OrderTimes>,
}

#[derive(Debug)]
struct OrderTimes {
    name: &'static str,
    promotions: usize,
    /// In microseconds for one price.
    budget_us: f64,
    cpu_p50_us: f64,
    cpu_p99_us: f64,
}

/// What is priced.
#[derive(Debug)]
struct Order {
    lines: Vec<Line>,
    context: Context,
    rules: Rules,
}

impl PricingTimes {
    /// Prices both orders many times. `quick`: a few times.
    pub(crate) fn measure(quick: bool) -> Result<Self> {
        let rounds = if quick { FEW_ROUNDS } else { ROUNDS };
        let [few_us, many_us] = PRICE_US;
        let without = Order::new(Vec::new())?.measure("50 lines", few_us, rounds)?;
        let with = Order::new(competing()?)?.measure("50 lines, competing promotions", many_us, rounds)?;
        Ok(Self { orders: vec![without, with] })
    }

    /// The report.
    pub(crate) fn to_text(&self, misses: &mut Vec<String>) -> String {
        let mut table = Table::new(&["order", " promotions", " CPU p50 us", " CPU p99 us", "budget"]);
        for order in &self.orders {
            let verdict = Verdict::of(order.cpu_p50_us, order.budget_us);
            if verdict == Verdict::Miss {
                misses.push(format!(
                    "pricing, {}: {:.1} us of CPU, the budget is {}",
                    order.name, order.cpu_p50_us, order.budget_us
                ));
            }
            table.row([
                order.name.to_owned(),
                order.promotions.to_string(),
                format!("{:.1}", order.cpu_p50_us),
                format!("{:.1}", order.cpu_p99_us),
                format!("<= {} {}", order.budget_us, verdict.word()),
            ]);
        }
        format!("Pricing an order (CPU of this process, averages of {BATCH}; {} tax rates)\n{table}", TAX_RATES.len())
    }

    /// The results as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let figures = |order: &OrderTimes| {
            json!({
                "order": order.name,
                "promotions": order.promotions,
                "cpuUsP50": order.cpu_p50_us,
                "cpuUsP99": order.cpu_p99_us,
                "budgetUs": order.budget_us,
            })
        };
        self.orders.iter().map(figures).collect()
    }
}

impl Order {
    fn new(promotions: Vec<Promotion>) -> Result<Self> {
        let currency = currency()?;
        let lines = (0..LINES).map(|index| line(index, currency)).collect::<Result<Vec<Line>>>()?;
        let market = Market { currency, step: Step::ONE, prices: PriceMode::Gross };
        let context = Context {
            market,
            price_lists: vec!["retail".to_owned()],
            country: Some("DE".to_owned()),
            customer_group: None,
            is_first_order: false,
            exemption: None,
            now: Timestamp::from_millis(0),
            codes: Vec::new(),
            shipping: Some(ShippingMethod { id: "standard".to_owned(), price: Money::new(490, currency) }),
        };
        let class = |percent: &u32| TaxClass {
            key: percent.to_string(),
            components: vec![TaxComponent {
                jurisdiction: "DE".to_owned(),
                ppm: percent * 10_000,
                reason: "standard".to_owned(),
            }],
        };
        let rules = Rules { promotions, tax_classes: TAX_RATES.iter().map(class).collect(), ..Rules::default() };
        Ok(Self { lines, context, rules })
    }

    fn price(&self) -> values::Result<Breakdown> {
        pricing::price(&self.lines, &self.context, &self.rules)
    }

    fn measure(&self, name: &'static str, budget_us: f64, rounds: usize) -> Result<OrderTimes> {
        let mut times = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let (prices, elapsed) = measure_time(|| (0..BATCH).filter(|_| black_box(self.price()).is_ok()).count());
            ensure!(prices == BATCH, "an order of the bench has no price");
            times.push(elapsed);
        }
        let times = Times::of(&times);
        let of_one = |batch_ms: f64| batch_ms * 1e3 / BATCH as f64;
        let promotions = self.rules.promotions.len();
        let (cpu_p50_us, cpu_p99_us) = (of_one(times.cpu_p50_ms), of_one(times.cpu_p99_ms));
        Ok(OrderTimes { name, promotions, budget_us, cpu_p50_us, cpu_p99_us })
    }
}

fn currency() -> Result<Currency> {
    Ok("EUR".parse()?)
}

fn line(index: u32, currency: Currency) -> Result<Line> {
    let rates = TAX_RATES.len() as u32;
    let prices = [(1, 500), (10, 450)].map(|(min_quantity, amount)| ListPrice {
        list: "retail".to_owned(),
        min_quantity,
        price: Money::new(amount + 37 * i64::from(index), currency),
    });
    Ok(Line {
        sku: format!("SKU-{index:02}").parse()?,
        quantity: Quantity::new(1 + index % 3)?,
        prices: prices.into(),
        product_id: None,
        categories: vec![category(index % 5), "goods".to_owned()],
        tags: vec!["new".to_owned()],
        brand: Some("Kiln".to_owned()),
        tax_class: TAX_RATES[(index % rates) as usize].to_string(),
        is_discountable: true,
    })
}

fn category(number: u32) -> String {
    format!("category-{number}")
}

/// Four set promotions and four order promotions of which one applies: 16 subsets times 5.
fn competing() -> Result<Vec<Promotion>> {
    let money = |amount| currency().map(|currency| Money::new(amount, currency));
    let in_category = |number| Scope::AnyOf(vec![Selector::Category(category(number))]);
    let promotion = |id: &str, effect, scope| Promotion {
        id: id.to_owned(),
        priority: 0,
        effect,
        combine: Combine::Best,
        code: None,
        scope,
        conditions: Conditions::default(),
        starts_at: None,
        ends_at: None,
    };
    let percent = |percent: u32| Percentage::new(percent * 10_000);
    let part = |number| BundlePart { scope: in_category(number), quantity: 1 };
    let (buy, get, percentage, max_groups) = (2, 1, Percentage::ALL, None);
    let parts = vec![part(1), part(2)];
    let of_order = |id, effect| promotion(id, Effect::Order(effect), Scope::Everything);
    Ok(vec![
        promotion("three", Effect::Set(SetEffect::BuyXGetY { buy, get, percentage, max_groups }), in_category(0)),
        promotion(
            "bundle",
            Effect::Set(SetEffect::Bundle { parts, price: money(1_500)?, max_groups }),
            Scope::Everything,
        ),
        promotion("amount", Effect::Set(SetEffect::Amount(money(1_000)?)), in_category(3)),
        promotion("gift", Effect::Set(SetEffect::Gift { sku: "SKU-04".parse()?, quantity: 1 }), Scope::Everything),
        of_order("five", OrderEffect::Percentage(percent(5)?)),
        of_order("ten", OrderEffect::Percentage(percent(10)?)),
        of_order("hundred", OrderEffect::Amount(money(10_000)?)),
        promotion("category", Effect::Order(OrderEffect::Percentage(percent(15)?)), in_category(4)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_have_what_the_report_says() {
        let order = Order::new(competing().unwrap()).unwrap();
        let priced = order.price().unwrap();
        assert_eq!((priced.lines.len(), priced.taxes.len(), order.rules.promotions.len()), (50, 3, 8));
        let applied: Vec<&str> = priced.promotions.iter().map(|applied| applied.id.as_str()).collect();
        assert_eq!(applied, ["amount", "bundle", "gift", "three", "ten"]);
        assert_eq!(priced.refused.len(), 3);
        let without = Order::new(Vec::new()).unwrap().price().unwrap();
        assert!(without.promotions.is_empty() && without.total.amount > priced.total.amount);
    }

    #[test]
    fn missed_budget_is_listed() {
        let mut times = PricingTimes::measure(true).unwrap();
        let mut misses = Vec::new();
        times.orders[0].budget_us = 0.0;
        times.orders[1].budget_us = f64::MAX;
        let text = times.to_text(&mut misses);
        assert!(misses.len() == 1 && text.contains("MISS") && text.contains("PASS"), "{text}");
        assert_eq!(times.to_json()[1]["promotions"], json!(8));
    }
}
