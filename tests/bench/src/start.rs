//! Sizes and cold starts: every function and the bare hello world in turn, round after round, so that a noisy minute hits
//! all of them alike.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::sandbox::{Environment, Sandbox, Start};
use crate::statistics::{median, millis};
use crate::stub::Stub;

pub(crate) const HELLO: &str = "hello";

/// As cargo names the program of a function.
pub(crate) fn file_name(function: &str) -> String {
    if function == HELLO { HELLO.to_owned() } else { format!("fn-{function}") }
}

/// A program to start.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) environment: Environment,
}

/// One program's figures, an entry a round.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Starts {
    pub(crate) name: String,
    pub(crate) binary_bytes: u64,
    /// Spawn until the first `next`, all told.
    pub(crate) start_ms: Vec<f64>,
    /// The same without the calls that the function makes to warm up.
    pub(crate) own_ms: Vec<f64>,
    pub(crate) warm_up_calls: usize,
    /// With the calls.
    pub(crate) peak_memory_kib: Vec<u64>,
}

impl Starts {
    /// What the budget is about.
    pub(crate) fn own_ms(&self) -> f64 {
        median(&self.own_ms)
    }

    pub(crate) fn memory_kib(&self) -> f64 {
        let memory: Vec<f64> = self.peak_memory_kib.iter().map(|kib| *kib as f64).collect();
        median(&memory)
    }
}

/// The size of a built program.
pub(crate) fn size(path: &Path) -> Result<u64> {
    let found = std::fs::metadata(path).with_context(|| {
        format!("{} is not built: run `make bench`, or name the folder by --functions", path.display())
    })?;
    Ok(found.len())
}

/// Starts every program `rounds` times with its warm-up calls and as often without.
pub(crate) async fn measure(programs: &[Program], rounds: usize, logs: &Path) -> Result<Vec<Starts>> {
    let stub = Stub::start().await?;
    let mut measured = Vec::new();
    for program in programs {
        measured.push(Starts {
            name: program.name.clone(),
            binary_bytes: size(&program.path)?,
            start_ms: Vec::new(),
            own_ms: Vec::new(),
            warm_up_calls: 0,
            peak_memory_kib: Vec::new(),
        });
    }
    // The first round fetches the programs from disk; it is not counted.
    for round in 0..=rounds {
        for (program, starts) in programs.iter().zip(&mut measured) {
            let log = logs.join(format!("{}.log", program.name));
            let mut environment = program.environment.clone();
            environment.insert("AWS_ENDPOINT_URL".into(), stub.url());
            stub.forget();
            let with_calls = start(program, &environment, &log).await?;
            let calls = stub.calls();
            // Without credentials a call ends before it has begun: nothing is signed, no connection opened.
            environment.retain(|name, _| !name.starts_with("AWS_ACCESS_KEY") && !name.starts_with("AWS_SECRET_ACCESS"));
            let without = start(program, &environment, &log).await?;
            ensure!(
                stub.calls() == calls,
                "{} found credentials where there are none: its own start is unknown",
                program.name
            );
            if round > 0 {
                starts.start_ms.push(millis(with_calls.ready - with_calls.spawned));
                starts.own_ms.push(millis(without.ready - without.spawned));
                starts.warm_up_calls = starts.warm_up_calls.max(calls);
                starts.peak_memory_kib.push(with_calls.peak_memory_kib);
            }
        }
    }
    Ok(measured)
}

async fn start(program: &Program, environment: &Environment, log: &Path) -> Result<Start> {
    let (sandbox, start) = Sandbox::start(&program.name, &program.path, environment, log).await?;
    drop(sandbox);
    // What the kernel has to clear away after a process must not weigh on the next one.
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(start)
}

/// Enough of `template.yaml`'s environment to start every function where no stack runs.
pub(crate) fn environment_without_a_stack() -> Environment {
    let tables = ["IDENTITY", "CATALOG", "CART", "ORDERS", "PAYMENTS", "NOTIFICATIONS"];
    let queues = ["ORDERS", "PAYMENTS", "NOTIFICATIONS"];
    let mut environment: Environment = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("SOUK_STAGE", "local"),
        ("SOUK_CURRENCY", "EUR"),
        ("SOUK_PUBLIC_URL", "http://127.0.0.1:9"),
        ("SOUK_HOLD_SECONDS", "600"),
        ("SOUK_CURSOR_KEY", "a cursor key of the bench, long enough for any check of its length"),
        ("SOUK_SECRET_SIGNING", "bench-signing"),
        ("SOUK_SECRET_STRIPE", "bench-stripe"),
        ("SOUK_STRIPE_URL", "http://127.0.0.1:9"),
        ("SOUK_MAIL_SENDER", "bench@example.com"),
        ("SOUK_BUCKET", "bench"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    environment.extend(tables.map(|table| (format!("SOUK_TABLE_{table}"), format!("bench-{}", table.to_lowercase()))));
    environment
        .extend(queues.map(|queue| (format!("SOUK_QUEUE_{queue}"), format!("http://127.0.0.1:9/bench-{queue}"))));
    environment
}
