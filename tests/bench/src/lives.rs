//! Counts what each life of an order uses: an order in one scenario, from its first request to its last message. It compares
//! the counts with the budgets in a file. Counts depend neither on the machine nor on the profile of the build, so `make test`
//! asserts them; times and dollars stay in the report.
//!
//! A count below its budget fails, too. So the file always says what an order uses, and a later change cannot use up what an earlier
//! one has saved.

use std::cmp::Ordering;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::bench_resources::BenchResources;
use crate::bill;
use crate::budgets::FUNCTIONS;
use crate::counts::{Counts, FIGURES, LineUnits, counts};
use crate::flow::{self, MainFlow};
use crate::function_fleet::{FunctionFleet, MeterMode};
use crate::options::Options;
use crate::scenarios::{Run, Scenario, ScenarioOrders, ScenarioRuns, hold_variables};
use crate::table::Table;
use crate::trigger_simulator::InvocationRecord;
use crate::webhooks::WebhookReceiver;

/// The first order of each life runs in new execution environments. The last one is counted.
const ORDERS: usize = 2;

/// A life with its counts or its budgets.
#[derive(Debug, Clone, PartialEq)]
struct Life {
    name: String,
    counts: Counts,
}

/// Counts the lives in a running stack, prints them, and writes them to the file of `--out` in the format of the budgets. Writes the
/// rows of each life beside it. Fails if a count is not its budget in `file`.
pub(crate) async fn check(options: &Options, file: &Path, logs: &Path) -> Result<()> {
    let budgets = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let budgets = parse(&budgets).with_context(|| format!("{} is not a table of budgets", file.display()))?;
    let stack = options.stack.as_deref().context("--lives needs --stack")?;
    let resources = BenchResources::create(stack).await?;
    let orders = count(options, &resources, logs).await;
    resources.remove().await;
    let orders = orders?;
    let lives: Vec<Life> = orders.iter().map(|(scenario, order)| Life::new(*scenario, order)).collect();
    if let Some(out) = &options.out {
        let rows: String = orders.iter().map(|(scenario, order)| rows_section(*scenario, order)).collect();
        for (path, text) in [(out.clone(), to_text(&lives)), (out.with_file_name("rows.md"), rows)] {
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let mut report = to_table(&lives).to_string();
    report.extend(line_units(&orders).map(|lines| lines.sentence() + "\n"));
    std::io::stdout().lock().write_all(report.as_bytes())?;
    Comparison::new(&lives, &budgets).check(file)
}

/// The counted order of each life.
async fn count(
    options: &Options,
    resources: &BenchResources,
    logs: &Path,
) -> Result<Vec<(Scenario, Vec<InvocationRecord>)>> {
    let (functions, holds) = (options.functions.as_path(), hold_variables());
    let mut keys = FunctionFleet::start(resources, functions, &["keys"], logs, MeterMode::Off, &holds).await?;
    flow::publish_keys(&mut keys).await?;
    drop(keys);
    let mut fleet = FunctionFleet::start(resources, functions, &FUNCTIONS, logs, MeterMode::All, &holds).await?;
    // With the names of `make bench`, because the size of a row decides its write units.
    let shop = MainFlow::new(resources, &mut fleet, Run::Counted.name(), ORDERS).create_shop().await?;
    // The stack does not know these payments, so the provider must not report them to it.
    WebhookReceiver::start(resources).await?.close().await?;
    let lives = ScenarioRuns::start(resources, fleet, &shop, Run::Counted, ORDERS).await.finish().await;
    lives.into_iter().map(last_order).collect()
}

fn last_order(ScenarioOrders { scenario, orders }: ScenarioOrders) -> Result<(Scenario, Vec<InvocationRecord>)> {
    let mut orders = orders.with_context(|| format!("the life {} did not end", scenario.name()))?;
    let order = orders.pop().with_context(|| format!("the life {} has no order", scenario.name()))?;
    Ok((scenario, order))
}

/// The rows that a life writes, in Markdown.
fn rows_section(scenario: Scenario, order: &[InvocationRecord]) -> String {
    format!("## {}\n\n{}\n", scenario.name(), bill::rows(order).to_markdown())
}

fn line_units(orders: &[(Scenario, Vec<InvocationRecord>)]) -> Option<LineUnits> {
    LineUnits::new(|scenario| {
        let (_, order) = orders.iter().find(|(found, _)| *found == scenario)?;
        Some(order.iter().map(InvocationRecord::write_units).sum())
    })
}

impl Life {
    fn new(scenario: Scenario, order: &[InvocationRecord]) -> Self {
        Self { name: scenario.name().to_owned(), counts: counts(order) }
    }

    fn parse(line: &str) -> Result<Self> {
        let mut cells = line.split('\t');
        let name = cells.next().unwrap_or_default().to_owned();
        let counts: Vec<f64> = cells.map(str::parse).collect::<Result<_, _>>()?;
        let counts = Counts::try_from(counts).ok().with_context(|| format!("not {} figures", FIGURES.len()))?;
        Ok(Self { name, counts })
    }

    /// The name and the counts.
    fn cells(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.name.clone()).chain(self.counts.map(|count| count.to_string()))
    }
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

    /// Fails if anything is above or below its budget in `file`.
    fn check(self, file: &Path) -> Result<()> {
        let mut problems = Vec::new();
        let file = file.display();
        if !self.over.is_empty() {
            let why = "A higher budget needs a line in docs/costs.md that says why.";
            problems.push(format!("over the budget in {file}:\n  {}\n{why}", self.over.join("\n  ")));
        }
        if !self.below.is_empty() {
            let below = self.below.join("\n  ");
            problems.push(format!("below the budget; lower the number in {file}:\n  {below}"));
        }
        ensure!(problems.is_empty(), "{}", problems.join("\n"));
        Ok(())
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

    const BUDGETS: &str = include_str!("../lives.tsv");
    const COSTS: &str = include_str!("../../../docs/costs.md");

    fn life(name: &str, counts: Counts) -> Life {
        Life { name: name.to_owned(), counts }
    }

    #[test]
    fn budgets_are_compared_by_life_and_figure() {
        let budget = life("paid", [37.0, 78.0, 16.0, 14.0, 7.0, 3.0, 1.0]);
        let counted = life("paid", [37.0, 79.0, 15.5, 14.0, 7.0, 3.0, 1.0]);
        let comparison = Comparison::new(&[counted], std::slice::from_ref(&budget));
        assert_eq!(comparison.over, ["paid: 79 WCU, the budget is 78"]);
        assert_eq!(comparison.below, ["paid: 15.5 RCU, the budget is 16"]);
        assert!(comparison.check(Path::new("lives.tsv")).is_err());
        let same = Comparison::new(std::slice::from_ref(&budget), std::slice::from_ref(&budget));
        assert_eq!(same, Comparison::default());
        assert!(same.check(Path::new("lives.tsv")).is_ok());
        let below = Comparison { below: vec!["paid: 1 WCU, the budget is 2".to_owned()], ..Comparison::default() };
        assert!(below.check(Path::new("lives.tsv")).is_err());
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

    /// The row of a life in the table of docs/costs.md that has a column for each figure.
    fn documented(name: &str) -> Option<Counts> {
        let start = format!("| `{name}` | ");
        COSTS.lines().filter_map(|line| line.strip_prefix(&start)).find_map(|rest| {
            let cells = rest.split('|').take(FIGURES.len()).map(|cell| cell.trim().parse());
            Counts::try_from(cells.collect::<Result<Vec<f64>, _>>().ok()?).ok()
        })
    }

    #[test]
    fn no_budget_is_higher_than_in_the_documented_table() -> Result<()> {
        for budget in parse(BUDGETS)? {
            let documented = documented(&budget.name);
            let documented = documented.with_context(|| format!("docs/costs.md has no counts of {}", budget.name))?;
            for ((figure, budget_count), count) in FIGURES.iter().zip(budget.counts).zip(documented) {
                ensure!(
                    budget_count <= count,
                    "{}: the budget of {budget_count} {figure} is higher than the {count} in docs/costs.md. Say there why, and change \
                     the number there.",
                    budget.name
                );
            }
        }
        Ok(())
    }
}
