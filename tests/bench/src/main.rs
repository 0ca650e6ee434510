//! `make bench`: sizes, cold starts, AWS calls, capacity and warm times of every function, each beside its house budget; what
//! a million orders cost; instructions, which no other work on the machine changes; how fast and how well search finds; and what a
//! large import needs.
//! The functions are run as Lambda runs them: as processes that ask a Runtime API, which the bench serves, for events.
//! Ends with an error only if it could not measure; budgets that are missed are shown.

mod bill;
mod bill_report;
mod budgets;
mod callgrind;
mod capacity;
mod clock;
mod company;
mod credentials;
mod emulator;
mod events;
mod flow;
mod hooks;
mod idle;
mod imports;
mod life;
mod machine;
mod meter;
mod options;
mod prices;
mod process;
mod raw;
mod report;
mod sandbox;
mod search;
mod serve;
mod stack;
mod stage;
mod start;
mod statistics;
mod stub;
mod table;
mod usage;
mod world;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use bill::Bill;
use company::{Company, Watch};
use flow::Flow;
use idle::Idle;
use life::{HOLD_SECONDS, Lives};
use machine::Machine;
use options::Options;
use report::{Results, Work};
use sandbox::Environment;
use start::{HELLO, Program, file_name};
use world::World;

/// A new sandbox's first invocation differs, and the few after it show that the others do not.
const METERED: usize = 5;
/// The first order of a way meets new sandboxes; what is billed is the last.
const COUNTED_LIVES: usize = 2;
/// For the median of each step.
const TIMED_LIVES: usize = 7;

// One thread: the other core is the function's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let asked = match search::cold::asked() {
        Some(opened) => opened,
        None => match credentials::asked().await {
            Some(checked) => checked,
            None => run().await,
        },
    };
    match asked {
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
    if options.search {
        let search = search::measure(&options, &logs)?;
        return told(&options, &search.alone(&machine), &search.raw());
    }
    if options.imports {
        let imports = imports::measure(&options, &logs).await?;
        return told(&options, &imports.alone(&machine), &imports.raw());
    }
    let world = match &options.stack {
        Some(stack) => Some(World::make(stack).await?),
        None => None,
    };
    let measured = measure(&options, world.as_ref(), &logs, machine).await;
    if let Some(world) = world {
        world.remove().await;
    }
    let mut results = measured?;
    if !options.only {
        results.search = Some(search::measure(&options, &logs)?);
        results.imports = Some(imports::measure(&options, &logs).await?);
    }
    told(&options, &results.written(&options), &results.raw(&options))
}

/// The report for who started the bench, the raw figures for programs.
fn told(options: &Options, report: &str, raw: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(report.as_bytes())?;
    if let Some(path) = &options.out {
        let raw = serde_json::to_string_pretty(raw)?;
        std::fs::write(path, raw + "\n").with_context(|| format!("{} cannot be written", path.display()))?;
        writeln!(out, "\nAll raw figures: {}", path.display())?;
    }
    Ok(())
}

async fn measure(options: &Options, world: Option<&World>, logs: &Path, machine: Machine) -> Result<Results> {
    let (hello, functions) = programs(options, world);
    let (hello, functions) = start::measure(&hello, &functions, options.rounds, logs).await?;
    let work = match world.filter(|_| !options.only) {
        Some(world) => Some(work(options, world, logs).await?),
        None => None,
    };
    Ok(Results { machine, hello, functions, work, search: None, imports: None })
}

/// What the functions do once they are started.
async fn work(options: &Options, world: &World, logs: &Path) -> Result<Work> {
    let company =
        async |watch, changed: &Environment| Company::start(world, &options.functions, logs, watch, changed).await;
    let as_deployed = Environment::new();

    let mut first = company(Watch::Nothing, &as_deployed).await?;
    flow::publish_keys(&mut first).await?;
    first.close();

    let mut metered = company(Watch::Everything, &as_deployed).await?;
    let shop = Flow::new(world, &mut metered, "metered", options.invocations.min(METERED)).run().await?;
    let operations = metered.close();
    let token = &shop.customers.first().context("nobody has registered")?.token;
    let credentials = credentials::measure(world.environment("auth"), token)?;

    let short_holds = Environment::from([("SOUK_HOLD_SECONDS".to_owned(), HOLD_SECONDS.to_string())]);
    let counted = company(Watch::Everything, &short_holds).await?;
    let counted = Lives::begin(world, counted, &shop, "counted", COUNTED_LIVES).await;
    let timed = company(Watch::Queues, &short_holds).await?;
    let timed = Lives::begin(world, timed, &shop, "timed-lives", options.invocations.min(TIMED_LIVES)).await;
    // Meanwhile the holds end.
    let instructions = callgrind::count(world, &options.functions, logs, &shop, options.quick).await;
    let lives = (counted.end().await, timed.end().await);

    world.empty_outboxes().await?;
    let mut direct = company(Watch::Nothing, &as_deployed).await?;
    Flow::new(world, &mut direct, "timed", options.invocations).run().await?;
    let warm = direct.close();

    let memory_mb = |function: &str| world.memory_mb(function);
    let idle = Idle::month(&operations, &warm, memory_mb("housekeeping"));
    Ok(Work { bill: Bill::of(lives.0, lives.1, memory_mb), operations, warm, credentials, idle, instructions })
}

/// The hello world, and the functions.
fn programs(options: &Options, world: Option<&World>) -> (Program, Vec<Program>) {
    let program = |name: &str, environment| Program {
        name: name.to_owned(),
        path: options.functions.join(file_name(name)),
        environment,
    };
    let environment = |name: &str| match world {
        Some(world) => world.environment(name),
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
