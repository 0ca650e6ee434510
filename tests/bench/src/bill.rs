//! The bill of an order: its invocations, and every row that they write. `make bench` writes it in Markdown for docs/costs.md.

use crate::costs::{OrderCost, ScenarioCost};
use crate::counts::{FIGURES, counts};
use crate::machine::Machine;
use crate::meter::{Call, Purpose};
use crate::prices::{Item, PRICED_ON};
use crate::report::{Work, number};
use crate::scenarios::Scenario;
use crate::table::Table;
use crate::trigger_simulator::InvocationRecord;

/// The rows that an order writes, in their order. Leases of the rate limiter are among them.
pub(crate) fn rows(order: &[InvocationRecord]) -> Table {
    let mut table = Table::new(&["step", "row", " bytes", " table WCU", "index entries, WCU", " WCU"]);
    for invocation in order {
        // Only the first row of an invocation names it.
        let mut step = format!("{}: {}", invocation.function, invocation.operation);
        for write in &invocation.writes {
            let indexes = write.indexes.iter();
            let indexes = indexes.map(|entry| format!("{} {} {}", entry.index, entry.partition, number(entry.units)));
            table.row([
                std::mem::take(&mut step),
                format!("{} {}", write.table, write.key).trim_start().to_owned(),
                if write.bytes == 0 { String::new() } else { write.bytes.to_string() },
                number(write.table_units),
                indexes.collect::<Vec<_>>().join(", "),
                number(write.units()),
            ]);
        }
    }
    let sum: f64 = order.iter().flat_map(|invocation| &invocation.writes).map(|write| write.units()).sum();
    let empty = String::new;
    table.row(["all rows".to_owned(), empty(), empty(), empty(), empty(), number(sum)]);
    table
}

/// What each invocation of an order is billed for, with its leases of the rate limiter. `dollars` is in the order of the invocations.
fn invocations(order: &OrderCost) -> Table {
    let headings =
        ["function", "trigger or event", " calls", " RCU", " WCU", " messages", " provider calls", " log bytes", " $"];
    let mut table = Table::new(&headings);
    let row = |name: [String; 2], invocations: &[InvocationRecord], dollars: f64| {
        let calls = |purposes: &'static [Purpose]| {
            let calls = invocations.iter().flat_map(|invocation| &invocation.calls);
            calls.filter(move |call| purposes.contains(&call.purpose))
        };
        let sum = |figure: fn(&Call) -> f64| {
            number(calls(&[Purpose::Work, Purpose::RateLimit]).fold(0.0, |sum, call| sum + figure(call)))
        };
        let log_bytes: u64 = invocations.iter().map(|invocation| invocation.log_bytes).sum();
        let [function, operation] = name;
        [
            function,
            operation,
            sum(|_| 1.0),
            sum(|call| call.read_units),
            sum(|call| call.write_units),
            sum(|call| call.messages.len() as f64),
            number(calls(&[Purpose::Provider]).count() as f64),
            number(log_bytes as f64),
            format!("{dollars:.2}"),
        ]
    };
    for (invocation, dollars) in order.invocations.iter().zip(&order.dollars) {
        let name = [invocation.function.to_owned(), invocation.operation.clone()];
        table.row(row(name, std::slice::from_ref(invocation), *dollars));
    }
    let name = ["all".to_owned(), String::new()];
    table.row(row(name, &order.invocations, order.usage.dollars_per_million_without_mail()));
    table
}

impl Work {
    /// The bill in Markdown: the lives, and the invocations and rows of the usual one.
    pub(crate) fn bill(&self, machine: &Machine) -> String {
        let Machine { date, processor, cores, rustc, .. } = machine;
        let day = date.split('T').next().unwrap_or_default();
        let lines = self.line_units().map(|lines| lines.sentence() + "\n").unwrap_or_default();
        let mut text = format!(
            "Measured by `make bench` on {day}: {processor}, {cores} cores, {rustc}.\n\
             Dollars are those of a million orders without mail, at the list prices of {PRICED_ON}.\n\
             Those for compute depend on the machine.\n\n\
             {}\n{lines}",
            self.lives_table().to_markdown(),
        );
        let usual = self.costs.scenarios.iter().find(|cost| cost.scenario == Scenario::Paid);
        if let Some(ScenarioCost { order: Ok(order), scenario }) = usual {
            let name = scenario.name();
            text += &format!("\n### Invocations of the life `{name}`\n\n{}", invocations(order).to_markdown());
            text += &format!("\n### Rows that the life `{name}` writes\n\n{}", rows(&order.invocations).to_markdown());
        }
        text
    }

    fn lives_table(&self) -> Table {
        let figures = FIGURES.map(|figure| format!(" {figure}"));
        let headings = std::iter::once("life").chain(figures.iter().map(String::as_str));
        let headings: Vec<&str> = headings.chain([" log bytes", " $", " required"]).collect();
        let mut table = Table::new(&headings);
        for ScenarioCost { scenario, order } in &self.costs.scenarios {
            let Ok(order) = order else { continue };
            let limit = scenario.dollar_limit().map(|limit| limit.to_string());
            let cells = std::iter::once(format!("`{}`", scenario.name()))
                .chain(counts(&order.invocations).map(|count| count.to_string()))
                .chain([
                    number(order.usage.count(Item::Logs)),
                    format!("{:.2}", order.usage.dollars_per_million_without_mail()),
                    limit.unwrap_or_default(),
                ]);
            table.row(cells);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row_writes::{IndexWrite, RowWrite};
    use crate::trigger_simulator::Trigger;

    #[test]
    fn bill_has_a_line_for_each_row_and_their_sum() {
        let entry = IndexWrite { index: "gsi3".to_owned(), partition: "HOLD#…".to_owned(), units: 1.0 };
        let order = RowWrite {
            table: "orders".to_owned(),
            key: "ORDER#… / ORDER".to_owned(),
            bytes: 997,
            table_units: 2.0,
            indexes: vec![entry],
        };
        let other = RowWrite {
            table: String::new(),
            key: "UNPAID#… / UNPAID, unchanged".to_owned(),
            bytes: 0,
            table_units: 2.0,
            indexes: Vec::new(),
        };
        let invocation = InvocationRecord {
            function: "orders",
            operation: "place an order".to_owned(),
            trigger: Trigger::Http,
            wall_ms: 1.0,
            calls: Vec::new(),
            writes: vec![order, other],
            log_bytes: 100,
        };
        let expected = "\
| step | row | bytes | table WCU | index entries, WCU | WCU |
|---|---|---:|---:|---|---:|
| orders: place an order | orders ORDER#… / ORDER | 997 | 2 | gsi3 HOLD#… 1 | 3 |
|  | UNPAID#… / UNPAID, unchanged |  | 2 |  | 2 |
| all rows |  |  |  |  | 5 |
";
        assert_eq!(rows(&[invocation]).to_markdown(), expected);
    }
}
