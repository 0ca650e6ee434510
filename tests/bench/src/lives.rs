//! Counts what each life of an order uses: an order in one scenario, from its first request to its last message. It compares
//! the counts with the budgets in a file. Counts depend neither on the machine nor on the profile of the build, so `make test`
//! asserts them; times and dollars stay in the report.
//!
//! Leases of the rate limiter and cached reads do not count: whether an order needs one depends on the time.

use std::cmp::Ordering;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::bench_resources::BenchResources;
use crate::budgets::FUNCTIONS;
use crate::flow::{self, MainFlow};
use crate::function_fleet::{FunctionFleet, MeterMode};
use crate::meter::{Call, Purpose};
use crate::options::Options;
use crate::scenarios::{ScenarioOrders, ScenarioRuns, hold_variables};
use crate::table::Table;
use crate::trigger_simulator::InvocationRecord;
use crate::webhooks::WebhookReceiver;

/// The figures of a life, in the order of the columns. Calls are those of AWS; messages are those that functions send to
/// queues, and each of them is received and deleted once.
const FIGURES: [&str; 7] = ["calls", "WCU", "RCU", "invocations", "messages", "provider calls", "mails"];
/// The first order of each life runs in new execution environments. The last one is counted.
const ORDERS: usize = 2;
/// As long as the names in `make bench`, because the size of a row decides its write units.
const NAME: &str = "counted";

/// A life with its counts or its budgets.
#[derive(Debug, Clone, PartialEq)]
struct Life {
    name: String,
    counts: [f64; FIGURES.len()],
}

/// Counts the lives in a running stack, prints them, and writes them to the file of `--out` in the format of the budgets. Fails
/// if a count is above its budget in `file`.
pub(crate) async fn check(options: &Options, file: &Path, logs: &Path) -> Result<()> {
    let budgets = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let budgets = parse(&budgets).with_context(|| format!("{} is not a table of budgets", file.display()))?;
    let stack = options.stack.as_deref().context("--lives needs --stack")?;
    let resources = BenchResources::create(stack).await?;
    let lives = count(options, &resources, logs).await;
    resources.remove().await;
    let lives = lives?;
    if let Some(out) = &options.out {
        std::fs::write(out, to_text(&lives)).with_context(|| format!("cannot write {}", out.display()))?;
    }
    let Comparison { over, below } = Comparison::new(&lives, &budgets);
    let mut report = to_table(&lives).to_string();
    if !below.is_empty() {
        report += &format!("Below its budget; lower the budget in {}:\n  {}\n", file.display(), below.join("\n  "));
    }
    std::io::stdout().lock().write_all(report.as_bytes())?;
    if !over.is_empty() {
        bail!(
            "over the budget in {}:\n  {}\nA higher budget needs a line in docs/costs.md that says why.",
            file.display(),
            over.join("\n  ")
        );
    }
    Ok(())
}

async fn count(options: &Options, resources: &BenchResources, logs: &Path) -> Result<Vec<Life>> {
    let (functions, holds) = (options.functions.as_path(), hold_variables());
    let mut keys = FunctionFleet::start(resources, functions, &["keys"], logs, MeterMode::Off, &holds).await?;
    flow::publish_keys(&mut keys).await?;
    drop(keys);
    let mut fleet = FunctionFleet::start(resources, functions, &FUNCTIONS, logs, MeterMode::All, &holds).await?;
    let shop = MainFlow::new(resources, &mut fleet, NAME, ORDERS).create_shop().await?;
    // The stack does not know these payments, so the provider must not report them to it.
    WebhookReceiver::start(resources).await?.close().await?;
    let lives = ScenarioRuns::start(resources, fleet, &shop, NAME, ORDERS).await.finish().await;
    lives.into_iter().map(Life::new).collect()
}

impl Life {
    fn new(run: ScenarioOrders) -> Result<Self> {
        let name = run.scenario.name();
        let orders = run.orders.with_context(|| format!("the life {name} did not end"))?;
        let order = orders.last().with_context(|| format!("the life {name} has no order"))?;
        Ok(Self { name: name.to_owned(), counts: counts(order) })
    }

    fn parse(line: &str) -> Result<Self> {
        let mut cells = line.split('\t');
        let name = cells.next().unwrap_or_default().to_owned();
        let counts: Vec<f64> = cells.map(str::parse).collect::<Result<_, _>>()?;
        let counts =
            <[f64; FIGURES.len()]>::try_from(counts).ok().with_context(|| format!("not {} figures", FIGURES.len()))?;
        Ok(Self { name, counts })
    }

    /// The name and the counts.
    fn cells(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.name.clone()).chain(self.counts.map(|count| count.to_string()))
    }
}

/// The counts of an order, in the order of [`FIGURES`].
fn counts(invocations: &[InvocationRecord]) -> [f64; FIGURES.len()] {
    let calls = |purpose: Purpose| {
        invocations.iter().flat_map(|invocation| &invocation.calls).filter(move |call| call.purpose == purpose)
    };
    let sum = |figure: fn(&Call) -> f64| calls(Purpose::Work).fold(0.0, |sum, call| sum + figure(call));
    [
        sum(|_| 1.0),
        sum(|call| call.write_units),
        sum(|call| call.read_units),
        invocations.len() as f64,
        sum(|call| call.messages.len() as f64),
        calls(Purpose::Provider).count() as f64,
        sum(|call| if call.operation == "SendEmail" { 1.0 } else { 0.0 }),
    ]
}

/// What is above its budget and what is below.
#[derive(Debug, Default, PartialEq)]
struct Comparison {
    over: Vec<String>,
    below: Vec<String>,
}

impl Comparison {
    fn new(lives: &[Life], budgets: &[Life]) -> Self {
        let mut comparison = Self::default();
        for life in lives {
            let Some(budget) = budgets.iter().find(|budget| budget.name == life.name) else {
                comparison.over.push(format!("{}: the file has no budget for it", life.name));
                continue;
            };
            for ((figure, count), budget) in FIGURES.iter().zip(life.counts).zip(budget.counts) {
                let sentence = format!("{}: {count} {figure}, the budget is {budget}", life.name);
                match count.total_cmp(&budget) {
                    Ordering::Greater => comparison.over.push(sentence),
                    Ordering::Less => comparison.below.push(sentence),
                    Ordering::Equal => {}
                }
            }
        }
        let unknown = budgets.iter().filter(|budget| lives.iter().all(|life| life.name != budget.name));
        comparison.over.extend(unknown.map(|budget| format!("{}: there is no such life", budget.name)));
        comparison
    }
}

/// Reads a table of lives: tabs between the cells, and a heading line.
fn parse(text: &str) -> Result<Vec<Life>> {
    let mut lines = text.lines();
    let heading = headings().join("\t");
    ensure!(lines.next() == Some(heading.as_str()), "the first line must be {heading:?}");
    lines.map(|line| Life::parse(line).with_context(|| format!("the line {line:?}"))).collect()
}

/// Writes the table that [`parse`] reads.
fn to_text(lives: &[Life]) -> String {
    let lines = lives.iter().map(|life| life.cells().collect::<Vec<_>>().join("\t"));
    std::iter::once(headings().join("\t")).chain(lines).map(|line| line + "\n").collect()
}

fn to_table(lives: &[Life]) -> Table {
    let right_aligned = FIGURES.map(|figure| format!(" {figure}"));
    let headings: Vec<&str> = std::iter::once("life").chain(right_aligned.iter().map(String::as_str)).collect();
    let mut table = Table::new(&headings);
    lives.iter().for_each(|life| table.row(life.cells()));
    table
}

fn headings() -> Vec<&'static str> {
    std::iter::once("life").chain(FIGURES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::QueuedMessage;
    use crate::scenarios::Scenario;
    use crate::trigger_simulator::Trigger;

    const BUDGETS: &str = include_str!("../lives.tsv");

    fn life(name: &str, counts: [f64; FIGURES.len()]) -> Life {
        Life { name: name.to_owned(), counts }
    }

    fn call(operation: &str, purpose: Purpose, (read_units, write_units): (f64, f64), messages: usize) -> Call {
        let message = QueuedMessage { queue: "q".to_owned(), body: "b".to_owned(), delay_seconds: 0 };
        let (operation, messages) = (operation.to_owned(), vec![message; messages]);
        Call { operation, actions: 1, purpose, read_units, write_units, status: 200, messages, start_us: 0, end_us: 1 }
    }

    #[test]
    fn leases_and_cached_reads_do_not_count() {
        let calls = vec![
            call("UpdateItem", Purpose::RateLimit, (0.0, 1.0), 0),
            call("Query", Purpose::Cached, (0.5, 0.0), 0),
            call("GetItem", Purpose::Work, (0.5, 0.0), 0),
            call("TransactWriteItems", Purpose::Work, (0.0, 29.0), 0),
            call("SendMessageBatch", Purpose::Work, (0.0, 0.0), 3),
            call("SendEmail", Purpose::Work, (0.0, 0.0), 0),
            call("POST /v1/payment_intents", Purpose::Provider, (0.0, 0.0), 0),
        ];
        let (operation, trigger) = ("it".to_owned(), Trigger::Queue);
        let invocation =
            InvocationRecord { function: "orders", operation, trigger, wall_ms: 1.0, calls, log_bytes: 100 };
        assert_eq!(counts(&[invocation]), [4.0, 29.0, 0.5, 1.0, 3.0, 1.0, 1.0]);
    }

    #[test]
    fn budgets_are_compared_by_life_and_figure() {
        let budget = life("paid", [37.0, 78.0, 16.0, 14.0, 7.0, 3.0, 1.0]);
        let counted = life("paid", [37.0, 79.0, 15.5, 14.0, 7.0, 3.0, 1.0]);
        let comparison = Comparison::new(&[counted], std::slice::from_ref(&budget));
        assert_eq!(comparison.over, ["paid: 79 WCU, the budget is 78"]);
        assert_eq!(comparison.below, ["paid: 15.5 RCU, the budget is 16"]);
        assert_eq!(
            Comparison::new(std::slice::from_ref(&budget), std::slice::from_ref(&budget)),
            Comparison::default()
        );
    }

    #[test]
    fn life_without_budget_and_budget_without_life_are_over() {
        let comparison = Comparison::new(&[life("new", [0.0; FIGURES.len()])], &[life("old", [0.0; FIGURES.len()])]);
        assert_eq!(comparison.over, ["new: the file has no budget for it", "old: there is no such life"]);
    }

    #[test]
    fn written_table_is_read() -> Result<()> {
        let lives = [life("paid", [37.0, 78.0, 15.5, 14.0, 7.0, 3.0, 1.0]), life("guest", [0.0; FIGURES.len()])];
        assert_eq!(parse(&to_text(&lives))?, lives);
        assert!(parse("life\tcalls\n").is_err());
        assert!(parse(&to_text(&lives).replace("\t7\t", "\t")).is_err());
        Ok(())
    }

    #[test]
    fn every_scenario_has_a_budget() -> Result<()> {
        let budgets = parse(BUDGETS)?;
        let names: Vec<&str> = budgets.iter().map(|budget| budget.name.as_str()).collect();
        assert_eq!(names, Scenario::ALL.map(Scenario::name));
        assert_eq!(to_text(&budgets), BUDGETS);
        Ok(())
    }
}
