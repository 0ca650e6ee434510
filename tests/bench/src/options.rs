//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use lexopt::prelude::*;

use crate::budgets::FUNCTIONS;

pub(crate) const USAGE: &str = "\
usage: bench [--stack FILE] [--out FILE] [--functions DIR] [--rounds N] [--invocations N] [--only a,b] [--search] [--imports]
             [--quick]
  --stack        stack.json of a running stack (make bench starts one); without it, sizes and starts alone are measured
  --out          where the raw figures go, as JSON; the functions' logs go beside it
  --functions    the folder of the built functions; default: the folder of this program
  --rounds       how often each function is started (21)
  --invocations  how often each operation is invoked for its warm figures (300)
  --only         these functions' sizes and starts alone
  --search       search alone: its speed, and how good its answers are
  --imports      imports and exports alone: their speed, and the memory that they need
  --quick        3 rounds, 20 invocations: shows that everything runs, not how fast it is";

/// What is to be measured, and with what.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) stack: Option<PathBuf>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) functions: PathBuf,
    pub(crate) rounds: usize,
    pub(crate) invocations: usize,
    /// In the order of [`FUNCTIONS`].
    pub(crate) names: Vec<&'static str>,
    pub(crate) only: bool,
    /// Nothing but search.
    pub(crate) search: bool,
    /// Nothing but imports and exports.
    pub(crate) imports: bool,
    pub(crate) quick: bool,
}

impl Options {
    pub(crate) fn read(mut arguments: lexopt::Parser) -> Result<Self> {
        let (mut stack, mut out, mut functions, mut only) = (None, None, None, None);
        let (mut rounds, mut invocations, mut quick) = (None, None, false);
        let (mut search, mut imports) = (false, false);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("stack") => stack = Some(PathBuf::from(arguments.value()?)),
                Long("out") => out = Some(PathBuf::from(arguments.value()?)),
                Long("functions") => functions = Some(PathBuf::from(arguments.value()?)),
                Long("rounds") => rounds = Some(arguments.value()?.parse::<usize>()?),
                Long("invocations") => invocations = Some(arguments.value()?.parse::<usize>()?),
                Long("only") => only = Some(arguments.value()?.string()?),
                Long("search") => search = true,
                Long("imports") => imports = true,
                Long("quick") => quick = true,
                other => bail!("{}\n{USAGE}", other.unexpected()),
            }
        }
        let (usual_rounds, usual_invocations) = if quick { (3, 20) } else { (21, 300) };
        let rounds = rounds.unwrap_or(usual_rounds);
        let invocations = invocations.unwrap_or(usual_invocations);
        ensure!(rounds > 0 && invocations > 0, "nothing is measured with 0 rounds or invocations\n{USAGE}");
        let names = chosen(only.as_deref())?;
        let functions = functions.map_or_else(beside_this_program, Ok)?;
        Ok(Self { stack, out, functions, rounds, invocations, names, only: only.is_some(), search, imports, quick })
    }
}

fn chosen(only: Option<&str>) -> Result<Vec<&'static str>> {
    let Some(only) = only else { return Ok(FUNCTIONS.to_vec()) };
    let wanted: Vec<&str> = only.split(',').collect();
    for name in &wanted {
        ensure!(FUNCTIONS.contains(name), "there is no function {name}; there are {}", FUNCTIONS.join(", "));
    }
    Ok(FUNCTIONS.into_iter().filter(|name| wanted.contains(name)).collect())
}

/// Cargo puts all programs of a run into one folder, whatever profile and target it builds.
fn beside_this_program() -> Result<PathBuf> {
    let program =
        std::env::current_exe().context("where this program lies is unknown: name the folder by --functions")?;
    Ok(program.parent().map(PathBuf::from).unwrap_or_default())
}
