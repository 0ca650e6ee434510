//! The report about costs and instructions.

use std::fmt::Write;

use crate::budgets::{ADD_CALLS, EVERYTHING_DOLLARS, LINE_UNITS, Limit, PLACE_CALLS, Verdict};
use crate::costs::{OrderCost, ScenarioCost};
use crate::counts::LineUnits;
use crate::prices::{Item, PRICED_ON};
use crate::report::{Work, number};
use crate::scenarios::{ADD, PLACE, Scenario};
use crate::table::Table;
use crate::trigger_simulator::InvocationRecord;
use crate::usage::gigabyte_seconds;

impl Work {
    /// Costs per million orders: item by item for the usual scenario, one line for each scenario, and the cost of a
    /// month without orders.
    pub(crate) fn costs_text(&self, misses: &mut Vec<String>) -> String {
        let mut text = String::new();
        if let Some(ScenarioCost { order: Ok(order), scenario }) = self.costs.scenarios.first() {
            let title = format!(
                "Dollars per million orders with one line each. Scenario {}: {}",
                scenario.name(),
                scenario.description()
            );
            let _ = writeln!(text, "{title}\n{}{}", items(order), self.duration_note(order));
        }
        let _ = writeln!(text, "Scenarios, dollars per million orders\n{}", self.scenarios());
        let _ = writeln!(text, "Required figures of an order\n{}", self.required(misses));
        let _ = writeln!(text, "{}", self.idle_costs.to_text());
        let _ = write!(text, "AWS calls of cart and order\n{}", self.budgets(misses));
        text
    }

    /// Durations depend on this machine, so this shows the cost of longer ones.
    fn duration_note(&self, order: &OrderCost) -> String {
        let dollars = |milliseconds: f64, function: &str| {
            let memory_mb = self.memory_sizes.deployed_mb(function);
            1e6 * Item::Compute.price().of(gigabyte_seconds(milliseconds, memory_mb))
        };
        let each: f64 = order.invocations.iter().map(|invocation| dollars(1.0, invocation.function)).sum();
        format!(
            "GB-seconds depend on this machine; the payment provider responds at once. One more millisecond in each of the\n\
             {} invocations costs ${each:.2}. One more 100 ms in one of the {} provider calls costs ${:.2}.\n",
            order.invocations.len(),
            order.provider_calls(),
            dollars(100.0, "payments-worker"),
        )
    }

    fn scenarios(&self) -> String {
        let mut table = Table::new(&[
            "scenario", " invoked", " WCU", " RCU", " SQS", " HTTP", " mails", " prov.", " $ AWS", " $ mail", " $ both",
        ]);
        let mut remarks = String::new();
        for ScenarioCost { scenario, order } in &self.costs.scenarios {
            let _ = match order {
                Ok(_) => writeln!(remarks, "{:<15}  {}", scenario.name(), scenario.description()),
                Err(error) => writeln!(remarks, "{:<15}  FAILED: {error:#}", scenario.name()),
            };
            let Ok(order) = order else { continue };
            let count = |items: &[Item]| number(items.iter().map(|item| order.usage.count(*item)).sum());
            table.row([
                scenario.name().to_owned(),
                count(&[Item::Invocations]),
                count(&[Item::WriteUnits]),
                count(&[Item::ReadUnits]),
                count(&[Item::Sends, Item::Receives, Item::Deletes]),
                count(&[Item::HttpRequests]),
                count(&[Item::Mails]),
                number(order.provider_calls() as f64),
                format!("{:.2}", order.usage.dollars_per_million_without_mail()),
                format!("{:.2}", order.usage.dollars_per_million(Item::Mails)),
                format!("{:.2}", 1e6 * order.usage.dollars()),
            ]);
        }
        format!("{table}{remarks}")
    }

    /// The dollars of the lives that have a limit, and what further lines add.
    fn required(&self, misses: &mut Vec<String>) -> String {
        let mut figures: Vec<(String, Option<f64>, Limit)> = Vec::new();
        for scenario in Scenario::ALL {
            if let Some(limit) = scenario.dollar_limit() {
                let name = format!("{}, $ a million without mail", scenario.name());
                figures.push((name, self.dollars(scenario), limit));
            }
        }
        // Today nothing else can be switched on. What comes gets a life of its own, and this line takes its dollars.
        let everything = "paid with everything switched on, $ a million without mail".to_owned();
        figures.push((everything, self.dollars(Scenario::Paid), EVERYTHING_DOLLARS));
        let lines = self.line_units();
        figures.push(("a second line adds, WCU".to_owned(), lines.map(|lines| lines.second), LINE_UNITS));
        figures.push(("lines 3 and 4 add, WCU each".to_owned(), lines.map(|lines| lines.further), LINE_UNITS));

        let mut table = Table::new(&["figure", " measured", " required", ""]);
        for (name, measured, limit) in figures {
            let Some(measured) = measured else {
                misses.push(format!("{name}: not measured, the limit is {limit}"));
                continue;
            };
            let verdict = limit.verdict(measured);
            if verdict == Verdict::Miss {
                misses.push(format!("{name}: {measured:.2}, the limit is {limit}"));
            }
            table.row([name, format!("{measured:.2}"), limit.to_string(), verdict.word().to_owned()]);
        }
        let sentence = lines.map(|lines| lines.sentence() + "\n").unwrap_or_default();
        format!("{table}{sentence}")
    }

    /// What further lines add to the write units of an order, without leases.
    pub(crate) fn line_units(&self) -> Option<LineUnits> {
        LineUnits::new(|scenario| {
            let order = self.order(scenario)?;
            Some(order.invocations.iter().map(InvocationRecord::write_units).sum())
        })
    }

    fn dollars(&self, scenario: Scenario) -> Option<f64> {
        self.order(scenario).map(|order| order.usage.dollars_per_million_without_mail())
    }

    fn order(&self, scenario: Scenario) -> Option<&OrderCost> {
        let cost = self.costs.scenarios.iter().find(|cost| cost.scenario == scenario);
        cost.and_then(|cost| cost.order.as_ref().ok())
    }

    /// Checks the order with the most calls of all scenarios.
    fn budgets(&self, misses: &mut Vec<String>) -> String {
        let mut table = Table::new(&["function", "operation", " calls", "budget"]);
        for (operation, budget) in [(ADD, ADD_CALLS), (PLACE, PLACE_CALLS)] {
            let orders = self.costs.scenarios.iter().filter_map(|cost| cost.order.as_ref().ok());
            let invocations =
                orders.flat_map(|order| &order.invocations).filter(|invocation| invocation.operation == operation);
            let Some(worst) = invocations.max_by_key(|invocation| invocation.aws_calls()) else { continue };
            let verdict = Verdict::of(worst.aws_calls() as f64, budget as f64);
            if verdict == Verdict::Miss {
                misses.push(format!(
                    "{}, {operation}: {} AWS calls, the budget is {budget}",
                    worst.function,
                    worst.aws_calls()
                ));
            }
            table.row([
                worst.function.to_owned(),
                operation.to_owned(),
                worst.aws_calls().to_string(),
                format!("<= {budget} {}", verdict.word()),
            ]);
        }
        table.to_string()
    }

    /// The instruction counts, or the reason why there are none.
    pub(crate) fn instruction_counts(&self) -> String {
        let counts = match &self.instructions {
            Ok(counts) => counts,
            Err(error) => {
                let reason = format!("{error:#}");
                let first = reason.lines().next().unwrap_or_default().trim_end_matches(':');
                return format!("Instructions were not counted: {first}\n");
            }
        };
        let mut table = Table::new(&["function", "operation", " start, million", " each, thousand", " x hello"]);
        let hello = counts.first().map_or(f64::NAN, |hello| hello.each);
        for count in counts {
            table.row([
                count.function.to_owned(),
                count.operation.to_owned(),
                format!("{:.2}", count.start / 1e6),
                format!("{:.0}", count.each / 1e3),
                format!("{:.1}", count.each / hello),
            ]);
        }
        format!("Instructions by callgrind: until the first `next`, and per warm request\n{table}")
    }
}

fn items(order: &OrderCost) -> String {
    let mut table = Table::new(&["item", " per order", " price", "per", " $ per million"]);
    let dollars = |figure: f64| format!("{figure:.2}");
    for item in Item::ALL {
        if item == Item::Mails {
            let sum = dollars(order.usage.dollars_per_million_without_mail());
            table.row(["total without mail".to_owned(), String::new(), String::new(), String::new(), sum]);
        }
        let (count, price) = (order.usage.count(item), item.price());
        table.row([
            item.name().to_owned(),
            if item == Item::Compute { format!("{count:.4}") } else { number(count) },
            if price.dollars == 0.0 { "free".to_owned() } else { format!("${}", format_price(price.dollars)) },
            price.unit.to_owned(),
            dollars(order.usage.dollars_per_million(item)),
        ]);
    }
    let sum = dollars(1e6 * order.usage.dollars());
    table.row(["total".to_owned(), String::new(), String::new(), String::new(), sum]);
    format!("{table}List prices of us-east-1, {PRICED_ON}; free tiers are not deducted.\n")
}

/// Prices of a cent and more have two decimals; lower prices have as many as they need.
fn format_price(dollars: f64) -> String {
    let cents = format!("{dollars:.2}");
    if cents.parse() == Ok(dollars) { cents } else { dollars.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_as_many_decimals_as_needed() {
        assert_eq!(
            (format_price(0.4), format_price(0.625), format_price(1.0)),
            ("0.40".into(), "0.625".into(), "1.00".into())
        );
        assert_eq!(format_price(0.000_013_333_4), "0.0000133334");
    }
}
