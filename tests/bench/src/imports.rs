//! Imports and exports a file of 100,000 products, in both formats. The worker runs as on Lambda, message by message,
//! against an AWS in memory that accepts everything at once. This measures the work and the memory of the worker, and
//! not the speed of a database.

mod memory_aws;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::budgets::{IMPORT_MEMORY_KIB, Verdict};
use crate::events::sqs_batch;
use crate::execution_environment::{ExecutionEnvironment, Variables};
use crate::imports::memory_aws::MemoryAws;
use crate::machine::Machine;
use crate::options::Options;
use crate::start::{file_name, variables_without_stack};
use crate::table::Table;

const WORKER: &str = "catalog-worker";
const LINES: usize = 100_000;
const FEW_LINES: usize = 3_000;
/// All lines have a price that is not allowed, so the report is larger than the file.
const REJECTED: &str = "import, all rejected";
const CURRENCY: &str = "EUR";
/// A slice takes 5 seconds. More slices than this are an endless loop.
const MAX_SLICES: usize = 1_000;

const NOTES: &str = "\
Notes on imports and exports
- Each job runs in one execution environment, message by message, in slices of 5 s. AWS is in memory and accepts everything at
  once. lines/s is the speed of the worker on its own core. With 512 MB Lambda gives it 0.29 of a core: see CPU ms/line.
- AWS calls: all calls per 100 lines. An unchanged file is read 100 lines at a time and causes no writes.
- peak MiB: the peak resident memory of the process (VmHWM), including its start.
";

/// All results.
#[derive(Debug)]
pub(crate) struct Imports {
    lines: usize,
    jobs: Vec<JobFigures>,
}

/// The figures of one job.
#[derive(Debug)]
struct JobFigures {
    name: &'static str,
    file_bytes: usize,
    counts: Value,
    slices: usize,
    wall: Duration,
    cpu: Duration,
    calls: usize,
    peak_kib: u64,
}

/// Measures imports and exports.
pub(crate) async fn measure(options: &Options, logs: &Path) -> Result<Imports> {
    let lines = if options.quick { FEW_LINES } else { LINES };
    let aws = MemoryAws::start().await?;
    let worker =
        Worker { program: options.functions.join(file_name(WORKER)), log: logs.join("imports.log"), aws: &aws };
    let new = file(lines, 0)?;
    let changed = file(lines, 1)?;
    let rejected = file(lines, u64::from(u32::MAX))?;
    let mut jobs = vec![
        worker.import("import, all new", "ndjson", new.clone()).await?,
        worker.import("import, nothing new", "ndjson", new).await?,
        worker.import("import, all changed", "ndjson", changed).await?,
        worker.import(REJECTED, "ndjson", rejected).await?,
    ];
    for (format, export_name, import_name) in
        [("ndjson", "export", "import of the export"), ("csv", "export, CSV", "import of the export, CSV")]
    {
        let (figures, file) = worker.export(export_name, format).await?;
        jobs.push(figures);
        jobs.push(worker.import(import_name, format, file).await?);
    }
    Ok(Imports { lines, jobs })
}

/// A file for imports with this many products, made of samples.
fn file(lines: usize, price_increase: u64) -> Result<Vec<u8>> {
    let samples = match samples::real(CURRENCY)? {
        Some(real) => real,
        None => samples::demo()?,
    };
    let mut file = Vec::new();
    for (n, sample) in samples.iter().cycle().take(lines).enumerate() {
        let mut line = sample.clone();
        line["sku"] = json!(format!("BENCH-{n}"));
        let price = line["price"]["amount"].as_u64().context("a sample has no price")?;
        line["price"]["amount"] = json!(price + price_increase);
        serde_json::to_writer(&mut file, &line)?;
        file.push(b'\n');
    }
    Ok(file)
}

struct Worker<'a> {
    program: PathBuf,
    log: PathBuf,
    aws: &'a MemoryAws,
}

impl Worker<'_> {
    async fn import(&self, name: &'static str, format: &str, file: Vec<u8>) -> Result<JobFigures> {
        let (id, bytes) = (self.aws.next_job(), file.len());
        self.aws.put_file(&format!("uploads/imports/{id}"), file);
        self.aws.put_job(&id, format, "import");
        let figures = self.run_job(name, &id, "import.uploaded").await?;
        let counts = &figures.counts;
        let rejected = if name == REJECTED { &counts["lines"] } else { &json!(0) };
        ensure!(counts["rejected"] == *rejected, "{name}: unexpected number of rejected lines: {counts}");
        Ok(JobFigures { file_bytes: bytes, ..figures })
    }

    async fn export(&self, name: &'static str, format: &str) -> Result<(JobFigures, Vec<u8>)> {
        let id = self.aws.next_job();
        self.aws.put_job(&id, format, "export");
        let figures = self.run_job(name, &id, "export.requested").await?;
        let key = format!("exports/{id}.{format}");
        let file = self.aws.take_file(&key).with_context(|| format!("{name}: there is no {key}"))?;
        Ok((JobFigures { file_bytes: file.len(), ..figures }, file))
    }

    /// Runs a job message by message, until the worker sends itself no more messages.
    async fn run_job(&self, name: &'static str, id: &str, event: &str) -> Result<JobFigures> {
        let mut variables: Variables = variables_without_stack();
        variables.insert("AWS_ENDPOINT_URL".into(), self.aws.url());
        variables.insert("SOUK_QUEUE_CATALOG".into(), format!("{}/bench-catalog", self.aws.url()));
        variables.insert("SOUK_LOG".into(), "warn".into());
        let (mut environment, _) =
            ExecutionEnvironment::start(WORKER, &[self.program.as_os_str()], &variables, &self.log).await?;
        let (calls, cpu) = (self.aws.calls(), environment.cpu_time().await?);
        let (mut next, mut wall, mut slices) = (Some(envelope(id, event)), Duration::ZERO, 0);
        while let Some(body) = next {
            ensure!(slices < MAX_SLICES, "{name} does not end; its log: {}", self.log.display());
            let invocation = environment.invoke(&sqs_batch(&body)).await.with_context(|| name)?;
            wall += invocation.wall;
            slices += 1;
            next = self.aws.take_message();
        }
        let job = self.aws.job(id).with_context(|| format!("{name}: the row of its job is missing"))?;
        ensure!(job["status"] == "done", "{name} is not done: {job}; its log: {}", self.log.display());
        let cpu = environment.cpu_time().await? - cpu;
        let (calls, peak_kib) = (self.aws.calls() - calls, environment.peak_memory_kib()?);
        Ok(JobFigures { name, file_bytes: 0, counts: job["counts"].clone(), slices, wall, cpu, calls, peak_kib })
    }
}

fn envelope(job: &str, event: &str) -> String {
    json!({
        "eventId": "evt_01kajc80000000000000000001", "version": 1, "timestamp": "2026-11-21T08:00:00.000Z", "subject": job,
        "sequence": 1, "correlationId": "bench", "eventType": event, "data": { "jobId": job },
    })
    .to_string()
}

impl JobFigures {
    fn lines(&self) -> f64 {
        self.counts["lines"].as_f64().unwrap_or_default()
    }
}

impl Imports {
    /// The report; `misses` receives missed budgets.
    pub(crate) fn to_text(&self, misses: &mut Vec<String>) -> String {
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
        for figures in &self.jobs {
            let verdict = Verdict::of(figures.peak_kib as f64, IMPORT_MEMORY_KIB);
            let peak = figures.peak_kib as f64 / 1024.0;
            if verdict == Verdict::Miss {
                misses.push(format!(
                    "{} of {} lines: {peak:.0} MiB at its peak, the budget is 256",
                    figures.name, self.lines
                ));
            }
            let seconds = figures.wall.as_secs_f64();
            table.row([
                figures.name.to_owned(),
                format!("{}", figures.lines()),
                format!("{:.1}", figures.file_bytes as f64 / 1e6),
                figures.slices.to_string(),
                format!("{seconds:.1}"),
                format!("{:.0}", figures.lines() / seconds),
                format!("{:.3}", figures.cpu.as_secs_f64() * 1e3 / figures.lines()),
                format!("{:.1}", figures.calls as f64 * 100.0 / figures.lines()),
                format!("{peak:.1}"),
                verdict.word().to_owned(),
            ]);
        }
        format!("Imports and exports (AWS calls per 100 lines)\n{table}\n{NOTES}")
    }

    /// The report, if only imports were measured.
    pub(crate) fn standalone_report(&self, machine: &Machine) -> String {
        let mut misses = Vec::new();
        let text = self.to_text(&mut misses);
        let misses: String = misses.iter().map(|miss| format!("  {miss}\n")).collect();
        let over_budget = if misses.is_empty() { String::new() } else { format!("\nOver budget:\n{misses}") };
        format!("{}, load {}\n\n{text}{over_budget}", machine.processor, machine.load)
    }

    /// The results as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let figures = |figures: &JobFigures| {
            json!({
                "job": figures.name,
                "fileBytes": figures.file_bytes,
                "counts": figures.counts,
                "slices": figures.slices,
                "seconds": figures.wall.as_secs_f64(),
                "cpuSeconds": figures.cpu.as_secs_f64(),
                "awsCalls": figures.calls,
                "peakMemoryKib": figures.peak_kib,
            })
        };
        self.jobs.iter().map(figures).collect()
    }
}
