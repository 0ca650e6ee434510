//! A new process that finds an index in files, opens it, answers one query and ends: what a cold function waits for, once the files
//! are there. The bench starts itself for it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::clock::{Took, timed};
use crate::search::engine::Kind;
use crate::search::request::Request;

/// The first argument of such a process; then the engine, the folder and what is asked.
const OPEN: &str = "open-index";

/// How one of them fared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    /// Until the first answer was there, from the beginning of `main`.
    pub(crate) took: Took,
    /// The most memory it had: VmHWM.
    pub(crate) peak_kib: f64,
}

/// If this process is one: does it.
pub(crate) fn asked() -> Option<Result<()>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [OPEN, kind, folder, words] => Some(open(kind, Path::new(folder), words)),
        _ => None,
    }
}

fn open(kind: &str, folder: &Path, words: &str) -> Result<()> {
    let kind = Kind::named(kind).with_context(|| format!("there is no engine {kind}"))?;
    let request = Request { words: words.to_owned(), ..Request::default() };
    // It ends as a process does that is killed: nothing is closed.
    let answer =
        || kind.open(folder).and_then(|mut engine| Ok((engine.search(&request)?, std::mem::ManuallyDrop::new(engine))));
    let (answered, Took { wall_ms, cpu_ms }) = timed(answer);
    let (found, _) = answered?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    writeln!(std::io::stdout(), "{wall_ms} {cpu_ms} {} {}", peak.unwrap_or("NaN"), found.shown.len())?;
    Ok(())
}

/// Starts one, and waits for it. An index that finds nothing is an error: nothing would have been measured.
pub(crate) fn start(kind: Kind, folder: &Path, words: &str) -> Result<Opened> {
    let program = std::env::current_exe().context("where this program lies is unknown")?;
    let mut command = Command::new(program);
    command.args([OPEN, kind.name()]).arg(folder).arg(words).stderr(Stdio::inherit());
    let output = command.output().context("the bench cannot be started again")?;
    ensure!(output.status.success(), "{} cannot be opened by a new process", kind.name());
    let said = String::from_utf8_lossy(&output.stdout);
    let [wall_ms, cpu_ms, peak, found] = said.split_whitespace().collect::<Vec<_>>()[..] else {
        bail!("it said {said:?}")
    };
    ensure!(found != "0", "{} found nothing for {words:?} in a new process", kind.name());
    let took = Took { wall_ms: wall_ms.parse()?, cpu_ms: cpu_ms.parse()? };
    Ok(Opened { took, peak_kib: peak.parse()? })
}
