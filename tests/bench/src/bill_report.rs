//! Costs and instructions for a reader.

use std::fmt::Write;

use crate::bill::{Billed, Order};
use crate::budgets::{ADD_CALLS, PLACE_CALLS, Verdict};
use crate::life::{ADD, PLACE};
use crate::prices::{Item, PRICED_ON};
use crate::report::{Work, number};
use crate::table::Table;
use crate::usage::gigabyte_seconds;

impl Work {
    /// Dollars a million orders: of the usual life item by item, of all lives in a line each; and of a month without any.
    pub(crate) fn costs(&self, misses: &mut Vec<String>) -> String {
        let mut text = String::new();
        if let Some(Billed { order: Ok(order), way }) = self.bill.lives.first() {
            let title = format!("Dollars a million orders of one line each, {}: {}", way.name(), way.tale());
            let _ = writeln!(text, "{title}\n{}{}", items(order), waiting(order));
        }
        let _ = writeln!(text, "The lives of orders, dollars a million of each\n{}", self.lives());
        let _ = writeln!(text, "{}", self.idle.written());
        let _ = write!(text, "AWS calls on the way to an order\n{}", self.budgets(misses));
        text
    }

    fn lives(&self) -> String {
        let mut table = Table::new(&[
            "life", " invoked", " WCU", " RCU", " SQS", " HTTP", " mails", " prov.", " $ AWS", " $ mail", " $ both",
        ]);
        let mut remarks = String::new();
        for Billed { way, order } in &self.bill.lives {
            let _ = match order {
                Ok(_) => writeln!(remarks, "{:<9}  {}", way.name(), way.tale()),
                Err(error) => writeln!(remarks, "{:<9}  NOT LIVED: {error:#}", way.name()),
            };
            let Ok(order) = order else { continue };
            let count = |items: &[Item]| number(items.iter().map(|item| order.usage.count(*item)).sum());
            table.row([
                way.name().to_owned(),
                count(&[Item::Invocations]),
                count(&[Item::WriteUnits]),
                count(&[Item::ReadUnits]),
                count(&[Item::Sends, Item::Receives, Item::Deletes]),
                count(&[Item::HttpRequests]),
                count(&[Item::Mails]),
                number(order.provider_calls() as f64),
                format!("{:.2}", order.usage.dollars_a_million_without_mail()),
                format!("{:.2}", order.usage.dollars_a_million(Item::Mails)),
                format!("{:.2}", 1e6 * order.usage.dollars()),
            ]);
        }
        format!("{table}{remarks}")
    }

    /// Of the worst order of any life: a call more in one of them is a call too many.
    fn budgets(&self, misses: &mut Vec<String>) -> String {
        let mut table = Table::new(&["function", "operation", " calls", "budget"]);
        for (does, budget) in [(ADD, ADD_CALLS), (PLACE, PLACE_CALLS)] {
            let orders = self.bill.lives.iter().filter_map(|billed| billed.order.as_ref().ok());
            let acts = orders.flat_map(|order| &order.acts).filter(|act| act.does == does);
            let Some(worst) = acts.max_by_key(|act| act.aws_calls()) else { continue };
            let verdict = Verdict::of(worst.aws_calls() as f64, budget as f64);
            if verdict == Verdict::Miss {
                misses.push(format!("{}, {does}: {} AWS calls, {budget} allowed", worst.function, worst.aws_calls()));
            }
            table.row([
                worst.function.to_owned(),
                does.to_owned(),
                worst.aws_calls().to_string(),
                format!("<= {budget} {}", verdict.word()),
            ]);
        }
        table.to_string()
    }

    /// Instructions, or why there are none.
    pub(crate) fn counts(&self) -> String {
        let counts = match &self.instructions {
            Ok(counts) => counts,
            Err(error) => {
                let reason = format!("{error:#}");
                let first = reason.lines().next().unwrap_or_default().trim_end_matches(':');
                return format!("Instructions were not counted: {first}.\n");
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
        format!("Instructions by callgrind: until the first `next`, and of each warm request\n{table}")
    }
}

fn items(order: &Order) -> String {
    let mut table = Table::new(&["item", " an order", " price", "per", " $ a million orders"]);
    let dollars = |figure: f64| format!("{figure:.2}");
    for item in Item::ALL {
        if item == Item::Mails {
            let sum = dollars(order.usage.dollars_a_million_without_mail());
            table.row(["together, without mail".to_owned(), String::new(), String::new(), String::new(), sum]);
        }
        let (count, price) = (order.usage.count(item), item.price());
        table.row([
            item.name().to_owned(),
            if item == Item::Compute { format!("{count:.4}") } else { number(count) },
            if price.dollars == 0.0 { "free".to_owned() } else { format!("${}", amount(price.dollars)) },
            price.unit.to_owned(),
            dollars(order.usage.dollars_a_million(item)),
        ]);
    }
    let sum = dollars(1e6 * order.usage.dollars());
    table.row(["together".to_owned(), String::new(), String::new(), String::new(), sum]);
    format!("{table}List prices of us-east-1, {PRICED_ON}; free tiers are not deducted.\n")
}

/// Cents have two digits, and what is less has as many as it needs.
fn amount(dollars: f64) -> String {
    let cents = format!("{dollars:.2}");
    if cents.parse() == Ok(dollars) { cents } else { dollars.to_string() }
}

/// Lambda's time is of this machine: what more of it would cost.
fn waiting(order: &Order) -> String {
    let dollars = |milliseconds: f64| 1e6 * Item::Compute.price().of(gigabyte_seconds(milliseconds, 512.0));
    let invocations = order.usage.count(Item::Invocations);
    format!(
        "GB-seconds are of this machine, with a provider that answers at once. A millisecond more in each of the\n\
         {invocations:.0} invocations costs ${:.2}; each 100 ms in which one of the {} provider calls lets its worker wait, ${:.2}.\n",
        dollars(invocations),
        order.provider_calls(),
        dollars(100.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_as_price_lists_write_them() {
        assert_eq!((amount(0.4), amount(0.625), amount(1.0)), ("0.40".into(), "0.625".into(), "1.00".into()));
        assert_eq!(amount(0.000_013_333_4), "0.0000133334");
    }
}
