//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use lexopt::prelude::*;

use crate::budgets::FUNCTIONS;

pub(crate) const USAGE: &str = "\
usage: bench [--stack FILE] [--out FILE] [--functions DIR] [--symbols DIR] [--rounds N] [--invocations N] [--only a,b] [--search]
             [--imports] [--lives FILE] [--quick]
  --stack        the stack.json of a running stack (make bench starts one); without it only sizes and starts are measured
  --out          the file for the results as JSON; the logs of the functions go next to it
  --functions    the folder of the built functions (default: the folder of this program)
  --symbols      the folder of the same functions with their symbols; with it each start is divided into parts
  --rounds       the number of starts of each function (default: 21)
  --invocations  the number of warm invocations of each operation (default: 300)
  --only         measure only size and start of these functions
  --search       measure only search: speed and quality
  --imports      measure only imports and exports: speed and memory
  --lives        only count what each life of an order uses, and compare it with this file; needs --stack
  --quick        3 rounds, 20 invocations: a test of the bench; its times mean little";

/// The parsed options.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) stack: Option<PathBuf>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) functions: PathBuf,
    /// The folder of the functions with their symbols.
    pub(crate) symbols: Option<PathBuf>,
    pub(crate) rounds: usize,
    pub(crate) invocations: usize,
    /// In the order of [`FUNCTIONS`].
    pub(crate) names: Vec<&'static str>,
    pub(crate) only: bool,
    pub(crate) search: bool,
    pub(crate) imports: bool,
    /// The file with the budgets of lives.
    pub(crate) lives: Option<PathBuf>,
    pub(crate) quick: bool,
}

impl Options {
    pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Self> {
        let (mut stack, mut out, mut functions, mut only) = (None, None, None, None);
        let (mut symbols, mut rounds, mut invocations, mut quick) = (None, None, None, false);
        let (mut search, mut imports, mut lives) = (false, false, None);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("stack") => stack = Some(PathBuf::from(arguments.value()?)),
                Long("out") => out = Some(PathBuf::from(arguments.value()?)),
                Long("functions") => functions = Some(PathBuf::from(arguments.value()?)),
                Long("symbols") => symbols = Some(PathBuf::from(arguments.value()?)),
                Long("rounds") => rounds = Some(arguments.value()?.parse::<usize>()?),
                Long("invocations") => invocations = Some(arguments.value()?.parse::<usize>()?),
                Long("only") => only = Some(arguments.value()?.string()?),
                Long("search") => search = true,
                Long("imports") => imports = true,
                Long("lives") => lives = Some(PathBuf::from(arguments.value()?)),
                Long("quick") => quick = true,
                other => bail!("{}\n{USAGE}", other.unexpected()),
            }
        }
        let (default_rounds, default_invocations) = if quick { (3, 20) } else { (21, 300) };
        let rounds = rounds.unwrap_or(default_rounds);
        let invocations = invocations.unwrap_or(default_invocations);
        ensure!(rounds > 0 && invocations > 0, "--rounds and --invocations must be at least 1\n{USAGE}");
        let names = function_names(only.as_deref())?;
        let functions = functions.map_or_else(folder_of_this_program, Ok)?;
        let only = only.is_some();
        Ok(Self { stack, out, functions, symbols, rounds, invocations, names, only, search, imports, lives, quick })
    }
}

fn function_names(only: Option<&str>) -> Result<Vec<&'static str>> {
    let Some(only) = only else { return Ok(FUNCTIONS.to_vec()) };
    let wanted: Vec<&str> = only.split(',').collect();
    for name in &wanted {
        ensure!(FUNCTIONS.contains(name), "unknown function {name}; the functions are {}", FUNCTIONS.join(", "));
    }
    Ok(FUNCTIONS.into_iter().filter(|name| wanted.contains(name)).collect())
}

/// Cargo puts all programs of a build into one folder, for every profile and target.
fn folder_of_this_program() -> Result<PathBuf> {
    let program = std::env::current_exe().context("the folder of this program is unknown; pass --functions")?;
    Ok(program.parent().map(PathBuf::from).unwrap_or_default())
}
