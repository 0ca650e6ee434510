//! `make bench`: sizes, cold starts, AWS calls, capacity and warm times of every function, each beside its house budget.
//! The functions are run as Lambda runs them: as processes that ask a Runtime API, which the bench serves, for events.
//! Ends with an error only if it could not measure; budgets that are missed are shown.

mod budgets;
mod capacity;
mod company;
mod emulator;
mod events;
mod flow;
mod machine;
mod meter;
mod options;
mod process;
mod raw;
mod report;
mod sandbox;
mod serve;
mod stack;
mod start;
mod statistics;
mod stub;
mod table;
mod world;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use company::{Company, Record};
use flow::Flow;
use machine::Machine;
use options::Options;
use report::Results;
use start::{HELLO, Program, Starts, file_name};
use world::World;

/// A new sandbox's first invocation differs, and the few after it show that the others do not.
const METERED: usize = 5;

// One thread: the other core is the function's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let options = Options::read(lexopt::Parser::from_env())?;
    let machine = Machine::this();
    let logs = logs(options.out.as_deref())?;
    let world = match &options.stack {
        Some(stack) => Some(World::make(stack).await?),
        None => None,
    };
    let measured = measure(&options, world.as_ref(), &logs).await;
    if let Some(world) = world {
        world.remove().await;
    }
    let (hello, functions, operations, warm) = measured?;
    let results = Results { machine, hello, functions, operations, warm };
    let mut out = std::io::stdout().lock();
    out.write_all(results.written(&options).as_bytes())?;
    if let Some(path) = &options.out {
        let raw = serde_json::to_string_pretty(&results.raw(&options))?;
        std::fs::write(path, raw + "\n").with_context(|| format!("{} cannot be written", path.display()))?;
        writeln!(out, "\nAll raw figures: {}", path.display())?;
    }
    Ok(())
}

async fn measure(
    options: &Options,
    world: Option<&World>,
    logs: &Path,
) -> Result<(Starts, Vec<Starts>, Vec<Record>, Vec<Record>)> {
    let (hello, functions) = programs(options, world);
    let (hello, starts) = start::measure(&hello, &functions, options.rounds, logs).await?;
    let Some(world) = world.filter(|_| !options.only) else {
        return Ok((hello, starts, Vec::new(), Vec::new()));
    };
    let mut company = Company::metered(world, &options.functions, logs).await?;
    Flow::new(world, &mut company, "metered", options.invocations.min(METERED)).run().await?;
    let operations = company.close();
    let mut company = Company::direct(world, &options.functions, logs).await?;
    Flow::new(world, &mut company, "timed", options.invocations).run().await?;
    Ok((hello, starts, operations, company.close()))
}

/// The hello world, and the functions.
fn programs(options: &Options, world: Option<&World>) -> (Program, Vec<Program>) {
    let program = |name: &str, environment| Program {
        name: name.to_owned(),
        path: options.functions.join(file_name(name)),
        environment,
    };
    let environment = |name: &str| match world {
        Some(world) => world.environment(name, ""),
        None => start::environment_without_a_stack(),
    };
    let hello = program(HELLO, start::environment_without_a_stack());
    (hello, options.names.iter().map(|name| program(name, environment(name))).collect())
}

/// Where the functions' own words go: beside the results, begun anew with every run.
fn logs(out: Option<&Path>) -> Result<PathBuf> {
    let folder = match out.and_then(Path::parent) {
        Some(folder) => folder.join("bench-log"),
        None => std::env::temp_dir().join("souk-bench-log"),
    };
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}
