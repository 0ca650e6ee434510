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
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Starts {
    pub(crate) name: String,
    pub(crate) binary_bytes: u64,
    /// Spawn until the first `next`, all told.
    pub(crate) start_ms: Vec<f64>,
    /// The same without the calls that the function makes to warm up.
    pub(crate) own_ms: Vec<f64>,
    /// CPU time of these.
    pub(crate) own_cpu_ms: Vec<f64>,
    pub(crate) warm_up_calls: usize,
    /// With the calls.
    pub(crate) peak_memory_kib: Vec<u64>,
    /// The hello world's, just before each of [`Starts::own_ms`].
    pub(crate) hello_ms: Vec<f64>,
    pub(crate) hello_cpu_ms: Vec<f64>,
}

impl Starts {
    /// What the budget is about.
    pub(crate) fn ratio(&self) -> f64 {
        median(&self.own_ms) / median(&self.hello_ms)
    }

    /// The same in CPU time, which a busy machine does not move.
    pub(crate) fn cpu_ratio(&self) -> f64 {
        median(&self.own_cpu_ms) / median(&self.hello_cpu_ms)
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

/// Starts every program `rounds` times with its warm-up calls and as often without, and the hello world beside it.
pub(crate) async fn measure(
    hello: &Program,
    programs: &[Program],
    rounds: usize,
    logs: &Path,
) -> Result<(Starts, Vec<Starts>)> {
    let stub = Stub::start().await?;
    let mut of_hello = Starts::of(hello)?;
    let mut measured = programs.iter().map(Starts::of).collect::<Result<Vec<_>>>()?;
    // The first round fetches the programs from disk; it is not counted.
    for round in 0..=rounds {
        for (program, starts) in programs.iter().zip(&mut measured) {
            stub.forget();
            let with_calls = start(program, &program.environment, &stub, logs).await?;
            let calls = stub.calls();
            let beside = start(hello, &hello.environment, &stub, logs).await?;
            // Without credentials a call ends before it has begun: nothing is signed, no connection opened.
            let mut poor = program.environment.clone();
            poor.retain(|name, _| !name.starts_with("AWS_ACCESS_KEY") && !name.starts_with("AWS_SECRET_ACCESS"));
            let without = start(program, &poor, &stub, logs).await?;
            ensure!(
                stub.calls() == calls,
                "{} found credentials where there are none: its own start is unknown",
                program.name
            );
            if round > 0 {
                starts.count(&with_calls, &without, &beside, calls);
                of_hello.count(&beside, &beside, &beside, 0);
            }
        }
    }
    Ok((of_hello, measured))
}

impl Starts {
    fn of(program: &Program) -> Result<Self> {
        Ok(Self { name: program.name.clone(), binary_bytes: size(&program.path)?, ..Self::default() })
    }

    fn count(&mut self, with_calls: &Start, without: &Start, hello: &Start, calls: usize) {
        let wall = |start: &Start| millis(start.ready - start.spawned);
        self.start_ms.push(wall(with_calls));
        self.own_ms.push(wall(without));
        self.own_cpu_ms.push(millis(without.cpu));
        self.warm_up_calls = self.warm_up_calls.max(calls);
        self.peak_memory_kib.push(with_calls.peak_memory_kib);
        self.hello_ms.push(wall(hello));
        self.hello_cpu_ms.push(millis(hello.cpu));
    }
}

async fn start(program: &Program, environment: &Environment, stub: &Stub, logs: &Path) -> Result<Start> {
    let mut environment = environment.clone();
    environment.insert("AWS_ENDPOINT_URL".into(), stub.url());
    let log = logs.join(format!("{}.log", program.name));
    let (sandbox, start) = Sandbox::start(&program.name, &[program.path.as_os_str()], &environment, &log).await?;
    drop(sandbox);
    // What the kernel has to clear away after a process must not weigh on the next one.
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(start)
}

/// Enough of `template.yaml`'s environment to start every function where no stack runs.
pub(crate) fn environment_without_a_stack() -> Environment {
    let tables = ["IDENTITY", "CATALOG", "CART", "ORDERS", "PAYMENTS", "NOTIFICATIONS"];
    let queues = ["ORDERS", "PAYMENTS", "NOTIFICATIONS", "CATALOG", "PRIVACY", "SEARCH"];
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
        ("SOUK_ARGON2_MEMORY_KIB", "19456"),
        ("SOUK_ARGON2_PASSES", "2"),
        ("SOUK_ARGON2_LANES", "1"),
        ("SOUK_THROTTLE_KEY", "a throttle key of the bench"),
        ("SOUK_LIMIT_LOGIN_ACCOUNT", "10/60"),
        ("SOUK_LIMIT_LOGIN_NETWORK", "60/600"),
        ("SOUK_LIMIT_REGISTER_ACCOUNT", "5/20"),
        ("SOUK_LIMIT_REGISTER_NETWORK", "20/100"),
        ("SOUK_LIMIT_RESET_ACCOUNT", "3/6"),
        ("SOUK_LIMIT_RESET_NETWORK", "10/60"),
        ("SOUK_LIMIT_SIGN_IN_NETWORK", "20/200"),
        ("SOUK_SECRET_OAUTH", "bench-oauth"),
        ("SOUK_OAUTH_REDIRECTS", "http://127.0.0.1:9/signed-in"),
        ("SOUK_GOOGLE_CLIENT_ID", "bench"),
        ("SOUK_GOOGLE_ISSUER", "http://127.0.0.1:9"),
        ("SOUK_FRONTEND_URL", "http://127.0.0.1:9"),
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
