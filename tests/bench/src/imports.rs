//! A file of a hundred thousand products: brought in, brought in again, taken out, in both formats. The worker runs as Lambda runs
//! it, message by message, against an AWS in memory that agrees to everything at once: what is measured is the worker's own
//! work and the memory that it needs, and not how fast a database is.

mod aws;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::budgets::{IMPORT_MEMORY_KIB, Verdict};
use crate::events::message;
use crate::imports::aws::Aws;
use crate::machine::Machine;
use crate::options::Options;
use crate::sandbox::{Environment, Sandbox};
use crate::start::{environment_without_a_stack, file_name};
use crate::table::Table;

const WORKER: &str = "catalog-worker";
const LINES: usize = 100_000;
const FEW_LINES: usize = 3_000;
/// At a price that nothing may have: the report is then the larger file.
const REJECTED: &str = "import, all rejected";
const CURRENCY: &str = "EUR";
/// A slice has 5 seconds; a file that needs more of them than this goes round in circles.
const MOST_SLICES: usize = 1_000;

const NOTES: &str = "\
Notes on imports and exports
- One sandbox each, message by message, a slice of 5 s each time. The AWS is one in memory that agrees to everything at once:
  lines/s is what the worker alone could do on a core of its own. At 512 MB Lambda gives it 0.29 of one: see CPU ms a line.
- AWS calls: of all kinds, for 100 lines. An unchanged file is looked up 100 lines at a time and writes nothing.
- peak MiB: the most that the process ever had resident (VmHWM), its start included.
";

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Imports {
    lines: usize,
    steps: Vec<Step>,
}

/// One job.
#[derive(Debug)]
struct Step {
    does: &'static str,
    file_bytes: usize,
    counts: Value,
    slices: usize,
    wall: Duration,
    cpu: Duration,
    calls: usize,
    peak_kib: u64,
}

/// Brings a file in and out.
pub(crate) async fn measure(options: &Options, logs: &Path) -> Result<Imports> {
    let lines = if options.quick { FEW_LINES } else { LINES };
    let aws = Aws::start().await?;
    let worker =
        Worker { program: options.functions.join(file_name(WORKER)), log: logs.join("imports.log"), aws: &aws };
    let new = file(lines, 0)?;
    let changed = file(lines, 1)?;
    let rejected = file(lines, u64::from(u32::MAX))?;
    let mut steps = vec![
        worker.imports("import, all new", "ndjson", new.clone()).await?,
        worker.imports("import, nothing new", "ndjson", new).await?,
        worker.imports("import, all changed", "ndjson", changed).await?,
        worker.imports(REJECTED, "ndjson", rejected).await?,
    ];
    for (format, out, again) in [("ndjson", "export", "import of it"), ("csv", "export, CSV", "import of it, CSV")] {
        let (step, file) = worker.exports(out, format).await?;
        steps.push(step);
        steps.push(worker.imports(again, format, file).await?);
    }
    Ok(Imports { lines, steps })
}

/// So many products made of samples, as an import reads them.
fn file(lines: usize, dearer: u64) -> Result<Vec<u8>> {
    let samples = match samples::real(CURRENCY)? {
        Some(real) => real,
        None => samples::demo()?,
    };
    let mut file = Vec::new();
    for (n, sample) in samples.iter().cycle().take(lines).enumerate() {
        let mut line = sample.clone();
        line["sku"] = json!(format!("BENCH-{n}"));
        let price = line["price"]["amount"].as_u64().context("a sample without a price")?;
        line["price"]["amount"] = json!(price + dearer);
        serde_json::to_writer(&mut file, &line)?;
        file.push(b'\n');
    }
    Ok(file)
}

struct Worker<'a> {
    program: PathBuf,
    log: PathBuf,
    aws: &'a Aws,
}

impl Worker<'_> {
    async fn imports(&self, does: &'static str, format: &str, file: Vec<u8>) -> Result<Step> {
        let (id, bytes) = (self.aws.next_job(), file.len());
        self.aws.put_file(&format!("uploads/imports/{id}"), file);
        self.aws.put_job(&id, format, "import");
        let step = self.works_off(does, &id, "import.uploaded").await?;
        let counts = &step.counts;
        let rejected = if does == REJECTED { &counts["lines"] } else { &json!(0) };
        ensure!(counts["rejected"] == *rejected, "{does}: other lines were rejected than should be: {counts}");
        Ok(Step { file_bytes: bytes, ..step })
    }

    async fn exports(&self, does: &'static str, format: &str) -> Result<(Step, Vec<u8>)> {
        let id = self.aws.next_job();
        self.aws.put_job(&id, format, "export");
        let step = self.works_off(does, &id, "export.requested").await?;
        let name = format!("exports/{id}.{format}");
        let file = self.aws.file(&name).with_context(|| format!("{does}: there is no {name}"))?;
        Ok((Step { file_bytes: file.len(), ..step }, file))
    }

    /// Message by message, as long as the worker sends itself another.
    async fn works_off(&self, does: &'static str, id: &str, event: &str) -> Result<Step> {
        let mut environment: Environment = environment_without_a_stack();
        environment.insert("AWS_ENDPOINT_URL".into(), self.aws.url());
        environment.insert("SOUK_QUEUE_CATALOG".into(), format!("{}/bench-catalog", self.aws.url()));
        environment.insert("SOUK_LOG".into(), "warn".into());
        let (mut sandbox, _) = Sandbox::start(WORKER, &[self.program.as_os_str()], &environment, &self.log).await?;
        let (calls, cpu) = (self.aws.calls(), sandbox.cpu_time().await?);
        let (mut next, mut wall, mut slices) = (Some(envelope(id, event)), Duration::ZERO, 0);
        while let Some(body) = next {
            ensure!(slices < MOST_SLICES, "{does} does not end; its log: {}", self.log.display());
            let invocation = sandbox.invoke(&message(&body)).await.with_context(|| does)?;
            wall += invocation.wall;
            slices += 1;
            next = self.aws.sent();
        }
        let job = self.aws.job(id).with_context(|| format!("{does}: its job is gone"))?;
        ensure!(job["status"] == "done", "{does} is not done: {job}; its log: {}", self.log.display());
        let cpu = sandbox.cpu_time().await? - cpu;
        let (calls, peak_kib) = (self.aws.calls() - calls, sandbox.peak_memory_kib()?);
        Ok(Step { does, file_bytes: 0, counts: job["counts"].clone(), slices, wall, cpu, calls, peak_kib })
    }
}

fn envelope(job: &str, event: &str) -> String {
    json!({
        "eventId": "evt_01kajc80000000000000000001", "version": 1, "timestamp": "2026-11-21T08:00:00.000Z", "subject": job,
        "sequence": 1, "correlationId": "bench", "eventType": event, "data": { "jobId": job },
    })
    .to_string()
}

impl Step {
    fn lines(&self) -> f64 {
        self.counts["lines"].as_f64().unwrap_or_default()
    }
}

impl Imports {
    /// The table, and what needs more memory than it may.
    pub(crate) fn written(&self, misses: &mut Vec<String>) -> String {
        let headings = [
            "job",
            " lines",
            " file MB",
            " slices",
            " s",
            " lines/s",
            " CPU ms/line",
            " AWS calls",
            " peak MiB",
            "<= 256",
        ];
        let mut table = Table::new(&headings);
        for step in &self.steps {
            let verdict = Verdict::of(step.peak_kib as f64, IMPORT_MEMORY_KIB);
            let peak = step.peak_kib as f64 / 1024.0;
            if verdict == Verdict::Miss {
                misses.push(format!("{} of {} lines: {peak:.0} MiB at its peak, may be 256", step.does, self.lines));
            }
            let seconds = step.wall.as_secs_f64();
            table.row([
                step.does.to_owned(),
                format!("{}", step.lines()),
                format!("{:.1}", step.file_bytes as f64 / 1e6),
                step.slices.to_string(),
                format!("{seconds:.1}"),
                format!("{:.0}", step.lines() / seconds),
                format!("{:.3}", step.cpu.as_secs_f64() * 1e3 / step.lines()),
                format!("{:.1}", step.calls as f64 * 100.0 / step.lines()),
                format!("{peak:.1}"),
                verdict.word().to_owned(),
            ]);
        }
        format!("Imports and exports: AWS calls are those for 100 lines\n{table}\n{NOTES}")
    }

    /// The report where nothing else was measured.
    pub(crate) fn alone(&self, machine: &Machine) -> String {
        let mut misses = Vec::new();
        let text = self.written(&mut misses);
        let misses: String = misses.iter().map(|miss| format!("  {miss}\n")).collect();
        let beyond = if misses.is_empty() { String::new() } else { format!("\nBeyond its budget:\n{misses}") };
        format!("{}, load {}\n\n{text}{beyond}", machine.processor, machine.load)
    }

    /// For programs.
    pub(crate) fn raw(&self) -> Value {
        let step = |step: &Step| {
            json!({
                "job": step.does,
                "fileBytes": step.file_bytes,
                "counts": step.counts,
                "slices": step.slices,
                "seconds": step.wall.as_secs_f64(),
                "cpuSeconds": step.cpu.as_secs_f64(),
                "awsCalls": step.calls,
                "peakMemoryKib": step.peak_kib,
            })
        };
        self.steps.iter().map(step).collect()
    }
}
