//! What the rate limiter adds: calls and capacity of each request with and without it, and its cost.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::costs::OrderCost;
use crate::flow::{CUSTOMER, CUSTOMER_REQUESTS};
use crate::function_fleet::{OperationRecord, calls_of};
use crate::meter::{Call, Purpose};
use crate::prices::Item;
use crate::report::{Work, number};
use crate::table::Table;

/// Calls and write units of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sum {
    calls: usize,
    write_units: f64,
}

impl Sum {
    fn of<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Self {
        calls.into_iter().fold(Self::default(), |sum, call| Self {
            calls: sum.calls + 1,
            write_units: sum.write_units + call.write_units,
        })
    }

    /// For a million times these requests.
    fn dollars_per_million(self) -> f64 {
        1e6 * Item::WriteUnits.price().of(self.write_units)
    }

    fn to_json(self) -> Value {
        json!({ "calls": self.calls, "writeUnits": self.write_units, "dollarsPerMillion": self.dollars_per_million() })
    }
}

fn all_of(record: &OperationRecord, purpose: Purpose) -> Sum {
    Sum::of(record.calls.iter().flat_map(|calls| calls_of(calls, purpose)))
}

fn of_order(order: &OrderCost) -> Sum {
    Sum::of(order.invocations.iter().flat_map(|invocation| calls_of(&invocation.calls, Purpose::RateLimit)))
}

impl Work {
    /// The averages of each operation that is limited, and the costs of six requests and of orders.
    pub(crate) fn rate_limiter_text(&self) -> String {
        let headings =
            ["function", "operation", " requests", " calls without", " calls with", " WCU without", " WCU with"];
        let mut table = Table::new(&headings);
        for record in &self.operations {
            let (work, leases) = (all_of(record, Purpose::Work), all_of(record, Purpose::RateLimit));
            if leases.calls == 0 {
                continue;
            }
            let requests = record.calls.len().max(1) as f64;
            let average = |figure: f64| format!("{:.2}", figure / requests);
            table.row([
                record.operation.function.to_owned(),
                record.operation.name.to_owned(),
                number(requests),
                average(work.calls as f64),
                average((work.calls + leases.calls) as f64),
                average(work.write_units),
                average(work.write_units + leases.write_units),
            ]);
        }
        let mut text = format!("AWS calls and write units of a request, without and with the rate limiter\n{table}");
        if let Some(leases) = self.customer_leases() {
            let _ = writeln!(
                text,
                "A customer of {CUSTOMER_REQUESTS} requests: {} calls, {} WCU, ${:.2} per million customers.",
                leases.calls,
                number(leases.write_units),
                leases.dollars_per_million()
            );
        }
        for cost in &self.costs.scenarios {
            let Ok(order) = &cost.order else { continue };
            let (leases, name) = (of_order(order), cost.scenario.name());
            let dollars = leases.dollars_per_million();
            let _ = writeln!(text, "Of an order, {name}: {} calls, ${dollars:.2} per million orders.", leases.calls);
        }
        text
    }

    /// The same figures.
    pub(crate) fn rate_limiter_json(&self) -> Value {
        let scenario = |(name, order): (&str, &OrderCost)| (name.to_owned(), of_order(order).to_json());
        let orders =
            self.costs.scenarios.iter().filter_map(|cost| Some((cost.scenario.name(), cost.order.as_ref().ok()?)));
        json!({
            "customer": self.customer_leases().map(Sum::to_json),
            "orders": orders.map(scenario).collect::<serde_json::Map<_, _>>(),
        })
    }

    fn customer_leases(&self) -> Option<Sum> {
        let record = self.operations.iter().find(|record| record.operation == CUSTOMER)?;
        Some(all_of(record, Purpose::RateLimit))
    }
}
