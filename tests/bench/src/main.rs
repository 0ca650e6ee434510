//! `make bench` measures every function: size, cold start, AWS calls, capacity and warm times, each with its budget. It
//! also measures the cost of a million orders, instructions, search, and large imports. Instructions do not depend on
//! other work of the machine. It simulates the contention of a flash sale.
//!
//! The functions run as on Lambda: as processes that request events from a Runtime API, which the bench serves.
//!
//! The exit code is an error only if a measurement failed. Missed budgets are printed. With `--lives`, a figure that is not its budget
//! is an error, too.

mod aws_stub;
mod bench_resources;
mod bill;
mod budgets;
mod callgrind;
mod capacity;
mod contention;
mod cost_report;
mod costs;
mod counts;
mod credentials;
mod emulator;
mod event_filter;
mod event_sources;
mod events;
mod execution_environment;
mod flow;
mod function_fleet;
mod http_server;
mod idle_costs;
mod imports;
mod json_results;
mod lives;
mod machine;
mod memory_demands;
mod memory_sizes;
mod meter;
mod options;
mod prices;
mod process;
mod rate_limiter;
mod report;
mod row_writes;
mod scenarios;
mod search;
mod stack;
mod start;
mod start_parts;
mod statistics;
mod streams;
mod table;
mod tables;
mod timing;
mod trigger_simulator;
mod usage;
mod webhooks;
mod written_rows;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use bench_resources::BenchResources;
use budgets::FUNCTIONS;
use contention::Contention;
use costs::Costs;
use execution_environment::Variables;
use flow::MainFlow;
use function_fleet::{FunctionFleet, MeterMode};
use idle_costs::IdleCosts;
use machine::Machine;
use memory_sizes::MemorySizes;
use options::Options;
use report::{Results, Work};
use scenarios::{Run, ScenarioRuns, hold_variables};
use start::{HELLO, Program, file_name};

/// The first invocation of a new execution environment differs. The next ones show that the others are alike.
const METERED_INVOCATIONS: usize = 5;
/// The first order of a scenario runs in new execution environments. Costs are taken from the last one.
const COUNTED_ORDERS: usize = 2;
/// The number of orders for the median of each invocation.
const TIMED_ORDERS: usize = 7;

// One thread, so that the other core is free for the function.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match search::cold::run_if_requested() {
        Some(result) => result,
        None => match credentials::run_if_requested().await {
            Some(result) => result,
            None => run().await,
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let options = Options::parse(lexopt::Parser::from_env())?;
    let machine = Machine::describe();
    let logs = logs(options.out.as_deref())?;
    if options.search {
        let search = search::measure(&options, &logs)?;
        return print(&options, &search.standalone_report(&machine), &search.to_json());
    }
    if options.imports {
        let imports = imports::measure(&options, &logs).await?;
        return print(&options, &imports.standalone_report(&machine), &imports.to_json());
    }
    if let Some(budgets) = &options.lives {
        return lives::check(&options, budgets, &logs).await;
    }
    let resources = match &options.stack {
        Some(stack) => Some(BenchResources::create(stack).await?),
        None => None,
    };
    let results = measure(&options, resources.as_ref(), &logs, machine).await;
    if let Some(resources) = resources {
        resources.remove().await;
    }
    let mut results = results?;
    if !options.only {
        results.search = Some(search::measure(&options, &logs)?);
        results.imports = Some(imports::measure(&options, &logs).await?);
        results.contention = Some(Contention::simulate(options.quick));
    }
    if let (Some(out), Some(work)) = (&options.out, &results.work) {
        let parts =
            [("bill.md", work.bill(&results.machine)), ("memory.md", work.memory_sizes.to_markdown(&results.machine))];
        let starts = results.start_parts.as_ref().and_then(|starts| starts.as_ref().ok());
        let starts = starts.map(|starts| ("starts.md", start_parts::to_markdown(starts, &results.machine)));
        for (name, part) in parts.into_iter().chain(starts) {
            let path = out.with_file_name(name);
            std::fs::write(&path, part).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    print(&options, &results.to_text(&options), &results.to_json(&options))
}

/// Prints the report and writes the results as JSON.
fn print(options: &Options, report: &str, json: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(report.as_bytes())?;
    if let Some(path) = &options.out {
        let text = serde_json::to_string_pretty(json)?;
        std::fs::write(
            path,
            text + "
",
        )
        .with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(out, "\nAll results: {}", path.display())?;
    }
    Ok(())
}

async fn measure(
    options: &Options,
    resources: Option<&BenchResources>,
    logs: &Path,
    machine: Machine,
) -> Result<Results> {
    let (hello, functions) = programs(options, resources);
    let start_parts = match &options.symbols {
        Some(symbols) => Some(start_parts::count(&hello, &functions, symbols, logs).await),
        None => None,
    };
    let (hello, functions) = start::measure(&hello, &functions, options.rounds, logs).await?;
    let work = match resources.filter(|_| !options.only) {
        Some(resources) => Some(work(options, resources, logs).await?),
        None => None,
    };
    Ok(Results { machine, hello, functions, start_parts, work, search: None, imports: None, contention: None })
}

/// Measures the work of started functions.
async fn work(options: &Options, resources: &BenchResources, logs: &Path) -> Result<Work> {
    let names: Vec<&'static str> = std::iter::once(HELLO).chain(FUNCTIONS).collect();
    let start = async |mode, changed: &Variables| {
        FunctionFleet::start(resources, &options.functions, &names, logs, mode, changed).await
    };
    let as_deployed = Variables::new();

    let mut first_fleet = start(MeterMode::Off, &as_deployed).await?;
    flow::publish_keys(&mut first_fleet).await?;
    first_fleet.into_records();

    let mut metered_fleet = start(MeterMode::All, &as_deployed).await?;
    let data = MainFlow::new(resources, &mut metered_fleet, "metered", options.invocations.min(METERED_INVOCATIONS))
        .run()
        .await?;
    let operations = metered_fleet.into_records();
    let token = &data.customers.first().context("no customer is registered")?.token;
    let credentials = credentials::measure(resources.variables("auth"), token)?;

    let holds = hold_variables();
    let counted = start(MeterMode::All, &holds).await?;
    let counted = ScenarioRuns::start(resources, counted, &data, Run::Counted, COUNTED_ORDERS).await;
    let timed = start(MeterMode::ExceptDynamoDb, &holds).await?;
    let timed = ScenarioRuns::start(resources, timed, &data, Run::Timed, options.invocations.min(TIMED_ORDERS)).await;
    // The stock holds end in the meantime.
    let instructions = callgrind::count(resources, &options.functions, logs, &data, options.quick).await;
    let orders = (counted.finish().await, timed.finish().await);

    resources.empty_outboxes().await?;
    let mut direct_fleet = start(MeterMode::Off, &as_deployed).await?;
    MainFlow::new(resources, &mut direct_fleet, "timed", options.invocations).run().await?;
    let peaks_kib = direct_fleet.peak_memory_kib()?;
    let warm = direct_fleet.into_records();

    let settings = |function: &str| resources.settings(function);
    let idle_costs = IdleCosts::per_month(&operations, &warm, settings("housekeeping").memory_mb);
    let memory_sizes = MemorySizes::new(&operations, &warm, &peaks_kib, |function| settings(function).memory_mb);
    Ok(Work {
        costs: Costs::new(orders.0, orders.1, settings),
        operations,
        warm,
        credentials,
        idle_costs,
        memory_sizes,
        instructions,
    })
}

/// The hello world program and the functions.
fn programs(options: &Options, resources: Option<&BenchResources>) -> (Program, Vec<Program>) {
    let program = |name: &str, variables| Program {
        name: name.to_owned(),
        path: options.functions.join(file_name(name)),
        variables,
    };
    let variables = |name: &str| match resources {
        Some(resources) => resources.variables(name),
        None => start::variables_without_stack(),
    };
    let hello = program(HELLO, start::variables_without_stack());
    (hello, options.names.iter().map(|name| program(name, variables(name))).collect())
}

/// Creates an empty folder for the logs of the functions, next to the results.
fn logs(out: Option<&Path>) -> Result<PathBuf> {
    let folder = match out.and_then(Path::parent) {
        Some(folder) => folder.join("bench-log"),
        None => std::env::temp_dir().join("souk-bench-log"),
    };
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}
