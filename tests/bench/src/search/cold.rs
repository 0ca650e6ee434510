//! Measures a new process that opens an index, answers one query and ends: what a cold function waits for, once the
//! files are there. The bench starts itself for this.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::search::engine_kind::EngineKind;
use crate::search::request::Request;
use crate::timing::{Elapsed, measure};

/// The first argument of this process. The engine, the folder and the words follow.
const OPEN: &str = "open-index";

/// The measurements of one process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColdOpen {
    /// From the start of `main` to the first response.
    pub(crate) elapsed: Elapsed,
    /// The peak resident memory (VmHWM).
    pub(crate) peak_kib: f64,
}

/// Measures if this process was started for it.
pub(crate) fn run_if_requested() -> Option<Result<()>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [OPEN, kind, folder, words] => Some(open(kind, Path::new(folder), words)),
        _ => None,
    }
}

fn open(kind: &str, folder: &Path, words: &str) -> Result<()> {
    let kind = EngineKind::parse(kind).with_context(|| format!("unknown engine {kind}"))?;
    let request = Request { words: words.to_owned(), ..Request::default() };
    // Nothing is closed, as in a process that is killed.
    let respond =
        || kind.open(folder).and_then(|mut engine| Ok((engine.search(&request)?, std::mem::ManuallyDrop::new(engine))));
    let (result, Elapsed { wall_ms, cpu_ms }) = measure(respond);
    let (page, _) = result?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    writeln!(std::io::stdout(), "{wall_ms} {cpu_ms} {} {}", peak.unwrap_or("NaN"), page.products.len())?;
    Ok(())
}

/// Starts the process and waits for its result. Fails if the query finds nothing, because then nothing was measured.
pub(crate) fn start(kind: EngineKind, folder: &Path, words: &str) -> Result<ColdOpen> {
    let program = std::env::current_exe().context("the path of this program is unknown")?;
    let mut command = Command::new(program);
    command.args([OPEN, kind.name()]).arg(folder).arg(words).stderr(Stdio::inherit());
    let output = command.output().context("the bench could not start itself")?;
    ensure!(output.status.success(), "a new process could not open the index of {}", kind.name());
    let text = String::from_utf8_lossy(&output.stdout);
    let [wall_ms, cpu_ms, peak, found] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        bail!("unexpected output: {text:?}")
    };
    ensure!(found != "0", "{} found nothing for {words:?} in a new process", kind.name());
    let elapsed = Elapsed { wall_ms: wall_ms.parse()?, cpu_ms: cpu_ms.parse()? };
    Ok(ColdOpen { elapsed, peak_kib: peak.parse()? })
}
